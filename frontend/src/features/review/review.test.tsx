import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { project, queued, run, session, video } from "../../testing/fixtures";
import { renderApp } from "../../testing/render";
import { server } from "../../testing/server";

const get = (path: string, body: unknown) => http.get(`*${path}`, () => HttpResponse.json(body as object));
const facts = (name: string, total: number, left: number, more: object = {}) => ({ name, set: null, total, left, measured: true, ...more });
const labels = [
  { id: 3, name: "Grip", colour: 0, digit: 1 },
  { id: 4, name: "Turn screw", colour: 1, digit: null },
];

let sent: { segment: number; body: Record<string, unknown> }[] = [];
let line: ReturnType<typeof queued>[] = [];

beforeEach(() => {
  sent = [];
  line = [queued({ id: 100, index: 0 }), queued({ id: 101, index: 1, start_s: 20, end_s: 21 }), queued({ id: 102, index: 2, start_s: 30, end_s: 33 })];
  server.use(
    get("/api/session/", session()),
    get("/api/projects/", [project()]),
    get("/api/projects/1/", project()),
    get("/api/projects/1/stages/", []),
    get("/api/projects/1/uploads/", []),
    get("/api/runs/7/", run()),
    get("/api/videos/1/", video()),
    http.get("*/api/runs/7/videos/1/signals/", () => HttpResponse.json({ code: "not_found", message: "No signals." }, { status: 404 })),
    get("/api/runs/7/review-queues/", { queues: [facts("assigned", 10, 3), facts("disagreement", 0, 0), facts("edge", 10, 3), facts("threshold", 0, 0, { measured: false })], labels, mean_seconds: null }),
    http.get("*/api/runs/7/review-queue/", () => HttpResponse.json({ results: line, next: null, measured: true })),
    http.put("*/api/segments/:id/review/", async ({ request, params }) => {
      sent.push({ segment: Number(params.id), body: (await request.json()) as Record<string, unknown> });
      return HttpResponse.json({});
    }),
  );
});

const clip = (n: number) => screen.findByRole("region", { name: `Primitive ${n} of cam1.mp4` }, { timeout: 10_000 });

test("three keys judge an easy one, and the next is there at once", async () => {
  renderApp("/projects/1/runs/7/review");
  await clip(1);
  expect(screen.getByText("8 of 10")).toBeInTheDocument();
  await userEvent.keyboard("1rd");
  await clip(2);
  expect(screen.getByText("9 of 10")).toBeInTheDocument();
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({ segment: 100, body: { quality: 3, confidence: 2, action: 3, start_s: null, end_s: null, skipped: false, flagged: false } });
  expect(sent[0]!.body.seconds).toBeGreaterThan(0);
});

test("nudge, flag, comment and a label by type-ahead go with the answer; skip and back are one key", async () => {
  renderApp("/projects/1/runs/7/review");
  await clip(1);
  await userEvent.keyboard("[[{ArrowLeft}{ArrowLeft}]]{Shift>}{ArrowRight}{/Shift}f");
  await userEvent.keyboard("c");
  await userEvent.type(screen.getByLabelText(/^Comment/), "the light flickers{Escape}");
  await userEvent.keyboard("/");
  await userEvent.type(screen.getByLabelText("Find a label"), "scr{Enter}");
  expect(screen.getByRole("button", { name: /Turn screw/ })).toHaveAttribute("aria-pressed", "true");
  await userEvent.keyboard("wa");
  await clip(2);
  await userEvent.keyboard("x");
  await clip(3);
  await waitFor(() => expect(sent).toHaveLength(2));
  expect(sent[0]!.body).toMatchObject({ quality: 1, confidence: 0, action: 4, start_s: 9.8, end_s: 12.5, comment: "the light flickers", flagged: true });
  expect(sent[1]!.body).toMatchObject({ skipped: true, quality: null });
  await userEvent.keyboard("zz");
  await clip(1);
  expect(screen.getByRole("button", { name: /Quality\s*1 low/ })).toHaveAttribute("aria-pressed", "true");
  expect(screen.getByRole("button", { name: "Flagged" })).toBeInTheDocument();
  await userEvent.keyboard("es");
  await clip(2);
  await waitFor(() => expect(sent.at(-1)).toMatchObject({ segment: 100, body: { quality: 2, confidence: 1, flagged: true } }));
});

test("a slash finds a label here, and does not leave for the search", async () => {
  renderApp("/projects/1/runs/7/review");
  await clip(1);
  await userEvent.keyboard("/");
  expect(screen.getByLabelText("Find a label")).toHaveFocus();
  expect(window.location.pathname).toBe("/projects/1/runs/7/review");
});

test("an answer that was not saved is kept, said, and sent when one comes back", async () => {
  server.use(http.put("*/api/segments/:id/review/", () => HttpResponse.json({ code: "bad_edges", message: "The video ends at 11.000 s." }, { status: 400 })));
  const first = renderApp("/projects/1/runs/7/review");
  await clip(1);
  await userEvent.keyboard("rd");
  expect(await screen.findByText(/is not saved: The video ends at 11.000 s\./)).toBeInTheDocument();
  first.unmount();
  server.use(
    http.put("*/api/segments/:id/review/", async ({ request, params }) => {
      sent.push({ segment: Number(params.id), body: (await request.json()) as Record<string, unknown> });
      return HttpResponse.json({});
    }),
  );
  renderApp("/projects/1/runs/7/review");
  await clip(2);
  await userEvent.click(await screen.findByRole("button", { name: "Try again" }));
  await waitFor(() => expect(sent[0]).toMatchObject({ segment: 100, body: { quality: 3 } }));
  await waitFor(() => expect(screen.queryByText(/is not saved/)).toBeNull());
});

test("while the server is away one goes on, and it is said", async () => {
  server.use(http.put("*/api/segments/:id/review/", () => HttpResponse.error()));
  renderApp("/projects/1/runs/7/review");
  await clip(1);
  await userEvent.keyboard("rd");
  await clip(2);
  expect(await screen.findByText(/1 answer not saved yet: the server does not answer/)).toBeInTheDocument();
  await userEvent.keyboard("rd");
  await clip(3);
});

test("the end says what was done and what is next", async () => {
  line = line.slice(0, 1);
  renderApp("/projects/1/runs/7/review");
  await clip(1);
  await userEvent.keyboard("rd");
  expect(await screen.findByText("Done: nothing of this queue is left to you")).toBeInTheDocument();
  expect(screen.getByText(/1 primitive judged · .* s each/)).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "At a cluster’s edge (3)" })).toHaveAttribute("href", "/projects/1/runs/7/review?queue=edge");
  await userEvent.keyboard("z");
  await clip(1);
});

test("a queue that was not measured says so, and an empty one what would fill it", async () => {
  line = [];
  renderApp("/projects/1/runs/7/review?queue=threshold");
  expect(await screen.findByText("Not measured for this run", undefined, { timeout: 10_000 })).toBeInTheDocument();
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Queue" }), screen.getByRole("option", { name: "Rated apart by others (0 left)" }));
  expect(await screen.findByText("Nobody disagrees here")).toBeInTheDocument();
});

test("what is discussed stands at the moment shown, and what others wrote comes once one has judged", async () => {
  let judged = false;
  const written: Record<string, unknown>[] = [];
  const comment = (id: number, text: string, more: object = {}) => ({
    id, video: 1, segment: 100, time_s: 10.25, text, by: { id: 9, name: "Ben" }, at: "2026-11-20T10:00:00Z", edited_at: null,
    deleted_at: null, resolved_at: null, resolved_by: null, mine: false, mentions: [], ...more,
  });
  server.use(
    get("/api/projects/1/people/", []),
    http.get("*/api/segments/:id/comments/", ({ params, request }) => HttpResponse.json({ results: (judged || !request.url.includes("blind=true")) && params.id === "100" ? [comment(1, "The hand slips.")] : [], total: 0 })),
    http.post("*/api/segments/100/comments/", async ({ request }) => {
      written.push((await request.json()) as Record<string, unknown>);
      return HttpResponse.json(comment(2, "Is this one?", { mine: true }), { status: 201 });
    }),
    http.put("*/api/segments/100/review/", () => {
      judged = true;
      return HttpResponse.json({});
    }),
  );
  renderApp("/projects/1/runs/7/review");
  const first = await clip(1);
  expect(screen.queryByRole("region", { name: "Discussion" })).toBeNull();
  const player = await waitFor(() => {
    const found = first.querySelector<HTMLVideoElement>("video.here");
    expect(found).not.toBeNull();
    return found!;
  });
  player.currentTime = 10.25;
  await userEvent.keyboard(" "); // it stands still there
  await userEvent.keyboard("t");
  const box = await screen.findByRole("combobox", { name: "Comment on this primitive" });
  expect(box).toHaveFocus();
  expect(await screen.findByText(/here once you have judged/)).toBeInTheDocument();
  await userEvent.type(box, "Is this one?{Control>}{Enter}{/Control}");
  await waitFor(() => expect(written).toEqual([{ text: "Is this one?", time_s: 10.25 }]));
  expect(sent).toEqual([]); // its letters judged nothing
  box.blur();
  await userEvent.keyboard("rd");
  await clip(2);
  expect(screen.queryByText("The hand slips.")).toBeNull();
  await waitFor(() => expect(judged).toBe(true));
  await userEvent.keyboard("z");
  await clip(1);
  expect(await screen.findByText("The hand slips.")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Go to 00:10.250" }));
  expect((await clip(1)).querySelector<HTMLVideoElement>("video.here")!.currentTime).toBeCloseTo(10.25);
});

test("the keys are listed", async () => {
  renderApp("/projects/1/runs/7/review");
  await clip(1);
  await userEvent.keyboard("?");
  const sheet = within(await screen.findByRole("dialog", { name: "Keys" }));
  for (const words of ["Quality 3, high", "Confidence 2, high", "Nudge it five steps on", "Grip", "Turn screw"]) expect(sheet.getByText(words)).toBeInTheDocument();
});

test("a viewer is told why there is nothing to judge", async () => {
  server.use(http.get("*/api/runs/7/review-queues/", () => HttpResponse.json({ code: "forbidden", message: "No." }, { status: 403 })));
  renderApp("/projects/1/runs/7/review");
  expect(await screen.findByText("Only reviewers judge primitives", undefined, { timeout: 10_000 })).toBeInTheDocument();
});
