import { DetailedError, Upload } from "tus-js-client";
import { csrfToken } from "../../api/client";
import { errorFrom } from "../../api/errors";
import type { UnfinishedUpload } from "../../api/types";
import { SpeedMeter } from "./speed";

export type TransferState = "waiting" | "uploading" | "retrying" | "paused" | "failed" | "done";

/** One file on its way. A new object whenever something changes. */
export interface Transfer {
  id: number;
  project: number;
  filename: string;
  sizeBytes: number;
  sentBytes: number;
  bytesPerS: number | null;
  state: TransferState;
  reason: string | null;
  /** Where the server keeps it, once it does. */
  url: string | null;
}

export interface QueueOptions {
  atOnce?: number;
  chunkBytes?: number;
  /** Milliseconds before the n-th try in a row; the last repeats. */
  backoffMs?: readonly number[];
  onDone?: (transfer: Transfer) => void;
}

// The server spools one request before it handles it: chunks bound what that costs, and what a cut line loses.
const CHUNK_BYTES = 16 * 1024 * 1024;
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000, 15_000, 30_000];
const TRIES = 240; // at 30 s: two hours of an absent server before a person has to press a button

interface Entry {
  transfer: Transfer;
  file: File;
  upload: Upload | null;
  speed: SpeedMeter;
}

/**
 * Files being uploaded over tus 1.0, a few at a time. It lives above the pages, so leaving one does not stop it. What
 * survives a reload is on the server (`UnfinishedUpload`): the browser keeps no file, so the person chooses it again and
 * it goes on at the server's offset.
 */
export class UploadQueue {
  #entries: Entry[] = [];
  #snapshot: readonly Transfer[] = [];
  #nextId = 1;
  readonly #listeners = new Set<() => void>();
  readonly #options: Required<Omit<QueueOptions, "onDone">> & Pick<QueueOptions, "onDone">;

  constructor(options: QueueOptions = {}) {
    this.#options = { atOnce: 2, chunkBytes: CHUNK_BYTES, backoffMs: BACKOFF_MS, ...options };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): readonly Transfer[] => this.#snapshot;

  /** Queue files. One the server already holds a part of (same name, same size) goes on from there. */
  add(project: number, files: readonly File[], unfinished: readonly UnfinishedUpload[] = []): void {
    for (const file of files) {
      const already = this.#entries.find(
        ({ transfer }) =>
          transfer.project === project && transfer.filename === file.name && transfer.sizeBytes === file.size && transfer.state !== "done",
      );
      if (already) {
        if (already.transfer.state === "paused" || already.transfer.state === "failed") this.resume(already.transfer.id);
        continue;
      }
      const begun = unfinished.find((upload) => continues(upload, file) && !this.#entries.some(({ transfer }) => transfer.url === upload.url));
      this.#entries.push({
        file,
        upload: null,
        speed: new SpeedMeter(),
        transfer: {
          id: this.#nextId++,
          project,
          filename: file.name,
          sizeBytes: file.size,
          sentBytes: begun?.offset_bytes ?? 0,
          bytesPerS: null,
          state: "waiting",
          reason: null,
          url: begun?.url ?? null,
        },
      });
    }
    this.#changed();
    this.#startNext();
  }

  pause(id: number): void {
    const entry = this.#find(id);
    if (!entry || !isActive(entry.transfer.state)) return;
    this.#update(entry, { state: "paused", bytesPerS: null });
    void entry.upload?.abort();
    this.#startNext();
  }

  /** Goes on after a pause, and tries again after a failure. */
  resume(id: number): void {
    const entry = this.#find(id);
    if (!entry || (entry.transfer.state !== "paused" && entry.transfer.state !== "failed")) return;
    this.#update(entry, { state: "waiting", reason: null });
    this.#startNext();
  }

  /** Takes it off the list and off the server. */
  async cancel(id: number): Promise<void> {
    const entry = this.#find(id);
    if (!entry) return;
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#changed();
    this.#startNext();
    await entry.upload?.abort();
    const url = entry.upload?.url ?? entry.transfer.url;
    if (url && entry.transfer.state !== "done") await discard(url);
  }

  forgetDone(project: number): void {
    this.#entries = this.#entries.filter(({ transfer }) => transfer.project !== project || transfer.state !== "done");
    this.#changed();
  }

  #startNext(): void {
    const busy = this.#entries.filter(({ transfer }) => transfer.state === "uploading" || transfer.state === "retrying").length;
    const next = this.#entries.filter(({ transfer }) => transfer.state === "waiting").slice(0, Math.max(0, this.#options.atOnce - busy));
    for (const entry of next) this.#start(entry);
  }

  #start(entry: Entry): void {
    const { transfer, file } = entry;
    const { backoffMs } = this.#options;
    const lastWait = backoffMs[backoffMs.length - 1] ?? 1000;
    entry.speed.reset();
    const upload = new Upload(file, {
      endpoint: new URL(`/api/projects/${transfer.project}/uploads/`, window.location.origin).href,
      uploadUrl: transfer.url === null ? null : new URL(transfer.url, window.location.origin).href,
      chunkSize: this.#options.chunkBytes,
      metadata: { filename: file.name },
      // The server's list is what is resumed from; a second memory in this browser would only disagree with it.
      storeFingerprintForResuming: false,
      removeFingerprintOnSuccess: true,
      retryDelays: Array.from({ length: TRIES }, (_, i) => backoffMs[i] ?? lastWait),
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", csrfToken()),
      onShouldRetry: (error) => {
        const again = mayPass(statusOf(error));
        if (again && this.#is(entry, "uploading")) this.#update(entry, { state: "retrying", bytesPerS: null });
        return again && !this.#is(entry, "paused");
      },
      onUploadUrlAvailable: () => this.#update(entry, { url: upload.url ?? null }),
      onProgress: (sent) => {
        if (this.#is(entry, "paused")) return;
        this.#update(entry, { state: "uploading", sentBytes: sent, bytesPerS: entry.speed.push(sent), reason: null });
      },
      onSuccess: () => {
        this.#update(entry, { state: "done", sentBytes: file.size, bytesPerS: null });
        this.#options.onDone?.(entry.transfer);
        this.#startNext();
      },
      onError: (error) => {
        const status = statusOf(error);
        // What the server no longer knows starts afresh when asked again.
        const gone = status === 404 || status === 410;
        this.#update(entry, {
          state: "failed",
          reason: reasonOf(error),
          bytesPerS: null,
          ...(gone ? { url: null, sentBytes: 0 } : {}),
        });
        this.#startNext();
      },
    });
    entry.upload = upload;
    this.#update(entry, { state: "uploading" });
    upload.start();
  }

  #is(entry: Entry, state: TransferState): boolean {
    return entry.transfer.state === state;
  }

  #find(id: number): Entry | undefined {
    return this.#entries.find(({ transfer }) => transfer.id === id);
  }

  #update(entry: Entry, change: Partial<Transfer>): void {
    entry.transfer = { ...entry.transfer, ...change };
    this.#changed();
  }

  #changed(): void {
    this.#snapshot = this.#entries.map(({ transfer }) => transfer);
    for (const listener of this.#listeners) listener();
  }
}

export const continues = (upload: UnfinishedUpload, file: File): boolean =>
  upload.filename === file.name && upload.size_bytes === file.size;

export const isActive = (state: TransferState): boolean => state === "waiting" || state === "uploading" || state === "retrying";

/** Tells the server to forget an upload. One it no longer has is as good as discarded. */
export async function discard(url: string): Promise<void> {
  const response = await fetch(new URL(url, window.location.origin), {
    method: "DELETE",
    credentials: "same-origin",
    headers: { "X-CSRFToken": csrfToken(), "Tus-Resumable": "1.0.0" },
  });
  if (!response.ok && response.status !== 404 && response.status !== 410) {
    throw errorFrom(response.status, await response.json().catch(() => null));
  }
}

const statusOf = (error: unknown): number =>
  error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : 0;

/** No answer, a restart, a lock or a wrong offset (asked again by HEAD) pass; a refusal does not. */
function mayPass(status: number): boolean {
  return status === 0 || status === 409 || status === 423 || status === 429 || (status >= 500 && status !== 507);
}

function reasonOf(error: unknown): string {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  if (!response) return "The server does not answer.";
  let body: unknown = null;
  try {
    body = JSON.parse(response.getBody());
  } catch {
    // Not JSON: the status has to do.
  }
  return errorFrom(response.getStatus(), body).message;
}
