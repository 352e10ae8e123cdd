import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";
import type { Agreement, Comment, Review } from "../api/types";
import { project, run, segment, session, video } from "../testing/fixtures";
import { renderApp } from "../testing/render";
import { server } from "../testing/server";

const get = (path: string, body: unknown) => http.get(`*${path}`, () => HttpResponse.json(body as object));
const NONE = { alpha: null, low: null, high: null, n_units: 0, n_ratings: 0 };
const NO_FIGURE = { value: null, low: null, high: null, n: 0 };

const agreement = (change: Partial<Agreement> = {}): Agreement => ({
  quality: NONE,
  labels: NONE,
  start: NO_FIGURE,
  end: NO_FIGURE,
  overlap: NO_FIGURE,
  confidence: NO_FIGURE,
  confidences: [0, 0, 0],
  pairs: [],
  biases: [],
  funnel: { candidates: 20, rated: 0, kept: 0 },
  ...change,
});

const review = (change: Partial<Review> = {}): Review => ({
  id: 1,
  segment: 100,
  reviewer: "Ana",
  quality: 0,
  confidence: 2,
  action: null,
  start_s: null,
  end_s: null,
  comment: "",
  flagged: false,
  skipped: false,
  created_at: "2026-01-05T08:00:00Z",
  updated_at: "2026-01-05T08:00:00Z",
  ...change,
});

const progress = [
  { reviewer: 5, name: "Ana", assigned: 10, done: 4, skipped: 1, flagged: 0, mean_seconds: 3.94, last_seen: "2026-01-05T08:00:00Z" },
  { reviewer: 6, name: "Bo", assigned: 0, done: 0, skipped: 0, flagged: 0, mean_seconds: null, last_seen: null },
];

const nothing = { results: [], total: 0 };

function around(role: "viewer" | "reviewer" | "manager", found: Agreement = agreement()) {
  server.use(
    get("/api/session/", session()),
    get("/api/projects/", [project({ role })]),
    get("/api/projects/1/", project({ role })),
    get("/api/projects/1/runs/", [run(), run({ id: 6, number: 6, n_segments: 9 })]),
    get("/api/projects/1/stages/", []),
    get("/api/projects/1/actions/", []),
    get("/api/runs/7/agreement/", found),
    get("/api/runs/7/review-progress/", progress),
    get("/api/runs/7/conflicts/", nothing),
    get("/api/runs/7/settled/", nothing),
  );
}

test("the overview says in words that alpha cannot be computed yet, and how many are kept", async () => {
  around("viewer");
  renderApp("/projects/1/review");
  expect(await screen.findByText(/no primitive has been rated by two people/)).toBeInTheDocument();
  expect(screen.getByText(/no primitive has been labelled by two people/)).toBeInTheDocument();
  expect(screen.getByText(/Confidence never filters/)).toBeInTheDocument();
  const row = screen.getByRole("row", { name: /Ana/ });
  expect(within(row).getByText("3.9 s")).toBeInTheDocument();
  expect(within(screen.getByRole("row", { name: /Bo/ })).getByText("not yet")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Assign…" })).not.toBeInTheDocument();
  expect(screen.queryByRole("link", { name: "Start reviewing" })).not.toBeInTheDocument();
  expect(screen.queryByRole("region", { name: "Conflicts" })).not.toBeInTheDocument();
});

test("alpha stands with its n and interval, each reviewer's bias beside it", async () => {
  around(
    "reviewer",
    agreement({
      quality: { alpha: 0.444, low: -0.2, high: 0.91, n_units: 3, n_ratings: 6 },
      biases: [{ reviewer: 5, name: "Ana", figure: { value: -0.5, low: -1, high: 0, n: 3 } }],
      pairs: [{ first: "Ana", second: "Bo", n: 3, same_quality: 2 / 3, mean_difference: 1 / 3, n_labelled: 0, same_label: null }],
    }),
  );
  renderApp("/projects/1/review");
  const alpha = await screen.findByRole("group", { name: "Alpha of quality" });
  expect(alpha).toHaveTextContent("α 0.44 −0.20 to 0.91");
  expect(alpha).toHaveTextContent("n = 3 primitives, 6 ratings");
  expect(within(screen.getByRole("region", { name: /higher or lower/ })).getByRole("row", { name: /Ana/ })).toHaveTextContent("−0.50");
  expect(screen.getByRole("row", { name: /Ana · Bo/ })).toHaveTextContent("67 %");
  expect(screen.getByRole("link", { name: "Start reviewing" })).toHaveAttribute("href", "/projects/1/runs/7/review");
});

test("a conflict is settled, and what was settled can be taken back", async () => {
  const user = userEvent.setup();
  around("manager");
  let settled = false;
  const sent: unknown[] = [];
  const one = segment();
  const said = [review(), review({ id: 2, reviewer: "Bo", quality: 3, comment: "<b>fine</b>" })];
  const adjudication = { id: 9, segment: 100, quality: 2, action: null, note: "edge", by: "Mira", at: "2026-01-05T08:00:00Z", undone_at: null };
  server.use(
    http.get("*/api/runs/7/conflicts/", () => HttpResponse.json(settled ? nothing : { results: [{ segment: one, spread: 3, reviews: said }], total: 1 })),
    http.get("*/api/runs/7/settled/", () => HttpResponse.json(settled ? { results: [{ adjudication, segment: one, reviews: said }], total: 1 } : nothing)),
    http.post("*/api/segments/100/adjudications/", async ({ request }) => {
      sent.push(await request.json());
      settled = true;
      return HttpResponse.json(adjudication, { status: 201 });
    }),
    http.post("*/api/adjudications/9/undo/", () => {
      settled = false;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderApp("/projects/1/review");
  const conflict = await screen.findByRole("listitem", { name: /Primitive 1 of cam1.mp4: 3 grades apart/ });
  expect(within(conflict).getByText("<b>fine</b>")).toBeInTheDocument();
  const button = within(conflict).getByRole("button", { name: "Settle" });
  expect(button).toBeDisabled();
  await user.click(within(conflict).getByRole("radio", { name: "2, acceptable" }));
  await user.type(within(conflict).getByRole("textbox", { name: "Note" }), "edge");
  await user.click(button);
  await user.click(await screen.findByRole("button", { name: /Undo: primitive 1/ }));
  expect(await screen.findByRole("listitem", { name: /3 grades apart/ })).toBeInTheDocument();
  expect(sent).toEqual([{ quality: 2, action: null, note: "edge" }]);
});

test("primitives are given out by what was chosen", async () => {
  const user = userEvent.setup();
  around("manager");
  const sent: unknown[] = [];
  server.use(
    get("/api/projects/1/sets/", []),
    get("/api/runs/7/clusters/", []),
    get("/api/runs/7/groups/", []),
    get("/api/projects/1/review-plan/", { double_share: 0.2 }),
    http.post("*/api/runs/7/assignments/", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({ segments: 5, twice: 1, assignments: 6 }, { status: 201 });
    }),
  );
  renderApp("/projects/1/review?assign=1");
  const dialog = await screen.findByRole("dialog", { name: "Assign primitives of run 7" });
  expect(await within(dialog).findByLabelText("Judged by two, in %")).toHaveValue("20");
  await user.type(within(dialog).getByLabelText("How many, drawn at random"), "5");
  await user.click(within(dialog).getByRole("checkbox", { name: /Ana/ }));
  await user.click(within(dialog).getByRole("checkbox", { name: /Bo/ }));
  await user.click(within(dialog).getByRole("button", { name: "Assign" }));
  expect(await screen.findByText(/5 primitives of run 7 given to 2 reviewers, 1 of them to two/)).toBeInTheDocument();
  expect(sent).toEqual([{ reviewers: [5, 6], only: "unassigned", double_share: 0.2, draw: 5 }]);
});

test("without a finished run there is nothing to review, and the step is offered", async () => {
  around("manager");
  server.use(get("/api/projects/1/runs/", []));
  renderApp("/projects/1/review");
  expect(await screen.findByRole("heading", { name: "Nothing to review yet" })).toBeInTheDocument();
});

const comment = (change: Partial<Comment> = {}): Comment => ({
  id: 3,
  video: 1,
  segment: null,
  time_s: 4.5,
  text: "@owner <script>alert(1)</script>",
  by: { id: 5, username: "ana", name: "Ana" },
  at: "2026-01-05T08:00:00Z",
  edited_at: null,
  deleted_at: null,
  resolved_at: null,
  resolved_by: null,
  mentions: ["owner"],
  mine: false,
  ...change,
});

test("comments of a video are text, and one is written where the playhead stands", async () => {
  const user = userEvent.setup();
  const sent: unknown[] = [];
  const all = [comment(), comment({ id: 4, text: "", deleted_at: "2026-01-05T08:00:00Z" })];
  around("reviewer");
  server.use(
    get("/api/projects/1/runs/", []),
    get("/api/videos/1/", { ...video(), truth: null, views: [], chapters: [], proxy_fps: 30 }),
    get("/api/videos/1/annotations/", []),
    get("/api/projects/1/people/", [{ id: 5, username: "ana", name: "Ana" }]),
    http.get("*/api/videos/1/comments/", () => HttpResponse.json({ results: all, total: all.length })),
    http.post("*/api/videos/1/comments/", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json(comment(), { status: 201 });
    }),
  );
  renderApp("/projects/1/videos/1?tab=comments&t=7.25");
  expect(await screen.findByText(/<script>alert\(1\)<\/script>/)).toBeInTheDocument();
  expect(screen.getByText("@owner")).toHaveClass("mention");
  expect(screen.getByText("This comment was deleted.")).toBeInTheDocument();
  const field = screen.getByRole("combobox", { name: "Comment on this moment" });
  await user.type(field, "too late @an");
  await screen.findByRole("option", { name: /Ana/ });
  await user.keyboard("{Enter}");
  expect(field).toHaveValue("too late @ana ");
  await user.click(screen.getByRole("button", { name: "Comment" }));
  await vi.waitFor(() => expect(sent).toEqual([{ text: "too late @ana", time_s: 7.25 }]));
});

test("the bell counts what is new, hides what may not be read yet, and leads to the moment", async () => {
  const user = userEvent.setup();
  around("reviewer");
  const mention = {
    id: 1,
    seen_at: null,
    project: 1,
    project_name: "Motor line 3",
    video: 2,
    video_title: "cam1.mp4",
    segment: null,
    run: null,
    time_s: 12.5,
    comment: 3,
    by: "Ana",
    at: "2026-01-05T08:00:00Z",
    text: "@owner look",
  };
  server.use(get("/api/mentions/", { unseen: 2, results: [mention, { ...mention, id: 2, segment: 100, run: 7, text: null }] }));
  renderApp("/projects/1/review");
  await user.click(await screen.findByRole("button", { name: "Mentions: 2 new" }));
  expect(screen.getByRole("link", { name: /@owner look/ })).toHaveAttribute("href", "/projects/1/videos/2?t=12.500&tab=comments");
  expect(screen.getByRole("link", { name: /not judged yet/ })).toHaveAttribute("href", "/projects/1/videos/2?t=12.500&run=7&segment=100&tab=comments");
});

test("the log is shown to managers, filtered by the address, and comes as a table", async () => {
  around("manager");
  server.use(
    get("/api/projects/1/audit/choices/", { kinds: ["run.started"], people: [{ id: 5, name: "Ana" }] }),
    http.get("*/api/projects/1/audit/", ({ request }) => {
      expect(new URL(request.url).searchParams.get("kind")).toBe("run");
      return HttpResponse.json({ results: [{ id: 1, at: "2026-01-05T08:00:00Z", by: "Ana", kind: "run.started", summary: "Started run 7.", facts: {} }], next: null });
    }),
  );
  renderApp("/projects/1/audit?kind=run");
  expect(await screen.findByText("Started run 7.")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "CSV" })).toHaveAttribute("href", "/api/projects/1/audit/table/?kind=run");
});

test("to a reviewer the log says whom to ask", async () => {
  around("reviewer");
  renderApp("/projects/1/audit");
  expect(await screen.findByRole("heading", { name: "The log is for managers" })).toBeInTheDocument();
});
