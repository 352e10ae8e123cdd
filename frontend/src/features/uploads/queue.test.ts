import { beforeEach, expect, test, vi } from "vitest";
import { server } from "../../testing/server";
import { FakeTusServer } from "../../testing/tusServer";
import { UploadQueue, type Transfer, type TransferState } from "./queue";
import { SpeedMeter } from "./speed";

let tus: FakeTusServer;

beforeEach(() => {
  tus = new FakeTusServer();
  server.use(...tus.handlers);
});

const file = (name: string, text: string) => new File([text], name, { type: "video/mp4" });
const queueOf = (change = {}) => new UploadQueue({ chunkBytes: 4, backoffMs: [5], ...change });
const only = (queue: UploadQueue): Transfer => queue.snapshot()[0]!;
const reaches = (queue: UploadQueue, state: TransferState) => vi.waitFor(() => expect(only(queue).state).toBe(state), { timeout: 10_000 });

test("a file arrives whole, in chunks", async () => {
  const done = vi.fn();
  const queue = queueOf({ onDone: done });
  queue.add(1, [file("a.mp4", "0123456789")]);
  await reaches(queue, "done");
  expect(tus.received("a.mp4")).toBe("0123456789");
  expect(tus.log.filter((method) => method === "PATCH")).toHaveLength(3);
  expect(done).toHaveBeenCalledOnce();
});

test("what the server holds already is not sent again", async () => {
  const url = tus.hold("a.mp4", 10, new TextEncoder().encode("012345"));
  const queue = queueOf();
  queue.add(1, [file("a.mp4", "012345ABCD")], [
    { id: "held", filename: "a.mp4", size_bytes: 10, offset_bytes: 6, created_at: "2026-01-01T00:00:00Z", url },
  ]);
  expect(only(queue).sentBytes).toBe(6);
  await reaches(queue, "done");
  expect(tus.received("a.mp4")).toBe("012345ABCD");
  expect(tus.log).toEqual(["HEAD", "PATCH"]);
});

test("a file of the same name and another size is another upload", async () => {
  const url = tus.hold("a.mp4", 10, new Uint8Array(6));
  const queue = queueOf();
  queue.add(1, [file("a.mp4", "short")], [
    { id: "held", filename: "a.mp4", size_bytes: 10, offset_bytes: 6, created_at: "2026-01-01T00:00:00Z", url },
  ]);
  await reaches(queue, "done");
  expect(tus.log[0]).toBe("POST");
});

test("a server that is away for a while loses nothing", async () => {
  tus.away = 3;
  const queue = queueOf();
  const states = new Set<TransferState>();
  queue.subscribe(() => states.add(only(queue).state));
  queue.add(1, [file("a.mp4", "0123456789")]);
  await reaches(queue, "done");
  expect(states).toContain("retrying");
  expect(tus.received("a.mp4")).toBe("0123456789");
});

test("a refusal is final, and told in the server's words", async () => {
  tus.refuse = { status: 413, code: "too_large", message: "The file is larger than this server takes: 20 GB." };
  const queue = queueOf();
  queue.add(1, [file("a.mp4", "0123456789")]);
  await reaches(queue, "failed");
  expect(only(queue).reason).toBe("The file is larger than this server takes: 20 GB.");
  expect(tus.log).toEqual(["POST"]);

  tus.refuse = null;
  queue.resume(only(queue).id);
  await reaches(queue, "done");
});

test("a full disk is a refusal too", async () => {
  tus.refuse = { status: 507, code: "disk_full", message: "The server's disk is full." };
  const queue = queueOf();
  queue.add(1, [file("a.mp4", "0123456789")]);
  await reaches(queue, "failed");
  expect(tus.log).toEqual(["POST"]);
});

test("a pause holds it, and it goes on where it was", async () => {
  const queue = queueOf();
  queue.subscribe(() => {
    const transfer = only(queue);
    if (transfer.state === "uploading" && transfer.sentBytes >= 4 && !paused) {
      paused = true;
      queue.pause(transfer.id);
    }
  });
  let paused = false;
  queue.add(1, [file("a.mp4", "0123456789")]);
  await reaches(queue, "paused");
  const sent = tus.log.length;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(only(queue).state).toBe("paused");
  expect(tus.log.length - sent).toBeLessThanOrEqual(1); // the request that was on its way

  queue.resume(only(queue).id);
  await reaches(queue, "done");
  expect(tus.received("a.mp4")).toBe("0123456789");
  expect(tus.log.filter((method) => method === "POST")).toHaveLength(1);
});

test("cancelling frees the server's copy and the next in line starts", async () => {
  const queue = queueOf({ atOnce: 1 });
  tus.away = 1000;
  queue.add(1, [file("a.mp4", "0123456789"), file("b.mp4", "abc")]);
  expect(queue.snapshot().map(({ state }) => state)).toEqual(["uploading", "waiting"]);
  await vi.waitFor(() => expect(only(queue).state).toBe("retrying"));
  tus.away = 0;
  await queue.cancel(only(queue).id);
  await reaches(queue, "done");
  expect(queue.snapshot().map(({ filename }) => filename)).toEqual(["b.mp4"]);
  await vi.waitFor(() => expect(tus.received("a.mp4")).toBe(""));
});

test("the same file twice is one upload", () => {
  const queue = queueOf({ atOnce: 0 });
  queue.add(1, [file("a.mp4", "0123456789")]);
  queue.add(1, [file("a.mp4", "0123456789")]);
  expect(queue.snapshot()).toHaveLength(1);
});

test("an upload the server has forgotten starts afresh", async () => {
  const queue = queueOf();
  queue.add(1, [file("a.mp4", "0123456789")], [
    { id: "x", filename: "a.mp4", size_bytes: 10, offset_bytes: 6, created_at: "2026-01-01T00:00:00Z", url: "/api/uploads/gone/" },
  ]);
  await reaches(queue, "done");
  expect(tus.received("a.mp4")).toBe("0123456789");
});

// 3 MB in 2 s, then 8 MB in the 2 s after: over the four seconds, 11 MB / 4 s.
test("speed is the average of the last seconds", () => {
  const meter = new SpeedMeter();
  expect(meter.push(0, 0)).toBeNull();
  expect(meter.push(3e6, 2000)).toBe(1.5e6);
  expect(meter.push(11e6, 4000)).toBe(2.75e6);
  expect(meter.push(12e6, 6000)).toBe(2.25e6); // the first sample has fallen out: (12 - 3) MB in 4 s
});
