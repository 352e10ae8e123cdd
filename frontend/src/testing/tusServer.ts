import { http, HttpResponse, type HttpHandler } from "msw";

interface Held {
  filename: string;
  size: number;
  bytes: Uint8Array[];
  offset: number;
}

/**
 * A tus 1.0 server that keeps bytes in memory, with the faults a real one has: it can be away, cut a request short, or
 * refuse. Ours is tested against the same requests in tests/backend/videos.
 */
export class FakeTusServer {
  readonly uploads = new Map<string, Held>();
  readonly log: string[] = [];
  /** Requests to answer with no answer at all. */
  away = 0;
  refuse: { status: number; code: string; message: string } | null = null;
  #next = 1;

  hold(filename: string, size: number, received: Uint8Array): string {
    const url = `/api/uploads/held-${this.#next++}/`;
    this.uploads.set(url, { filename, size, bytes: [received], offset: received.length });
    return url;
  }

  received(filename: string): string {
    const held = [...this.uploads.values()].find((upload) => upload.filename === filename);
    return held ? new TextDecoder().decode(Uint8Array.from(held.bytes.flatMap((chunk) => [...chunk]))) : "";
  }

  readonly handlers: HttpHandler[] = [
    http.post("*/api/projects/:project/uploads/", ({ request }) => {
      this.log.push("POST");
      if (this.away > 0) return this.#silence();
      if (this.refuse) return HttpResponse.json({ code: this.refuse.code, message: this.refuse.message }, { status: this.refuse.status });
      const metadata = request.headers.get("Upload-Metadata") ?? "";
      const filename = atob(/filename ([^,]*)/.exec(metadata)?.[1] ?? "");
      const url = `/api/uploads/new-${this.#next++}/`;
      this.uploads.set(url, { filename, size: Number(request.headers.get("Upload-Length")), bytes: [], offset: 0 });
      return new HttpResponse(null, { status: 201, headers: { Location: url, "Tus-Resumable": "1.0.0" } });
    }),
    http.all("*/api/uploads/:id/", async ({ request }) => {
      this.log.push(request.method);
      if (this.away > 0) return this.#silence();
      const url = new URL(request.url).pathname;
      const held = this.uploads.get(url);
      if (!held) return HttpResponse.json({ code: "not_found", message: "This upload is gone." }, { status: 404 });
      if (request.method === "DELETE") {
        this.uploads.delete(url);
        return new HttpResponse(null, { status: 204 });
      }
      if (request.method === "PATCH") {
        if (Number(request.headers.get("Upload-Offset")) !== held.offset)
          return HttpResponse.json({ code: "wrong_offset", message: "The offset is another." }, { status: 409 });
        const chunk = new Uint8Array(await request.arrayBuffer());
        held.bytes.push(chunk);
        held.offset += chunk.length;
      }
      const headers = { "Upload-Offset": String(held.offset), "Upload-Length": String(held.size), "Tus-Resumable": "1.0.0" };
      return new HttpResponse(null, { status: request.method === "PATCH" ? 204 : 200, headers });
    }),
  ];

  #silence() {
    this.away -= 1;
    return HttpResponse.error();
  }
}
