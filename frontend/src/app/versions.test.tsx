import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { project, run, session } from "../testing/fixtures";
import { renderApp } from "../testing/render";
import { server } from "../testing/server";

const get = (path: string, body: unknown) => http.get(`*${path}`, () => HttpResponse.json(body as object));
const version = (number: number, more: object = {}) => ({
  id: number + 10, project: 1, number, name: `Version of month ${number}`, note: "", run: 7, run_number: 7, digest: "ab".repeat(32),
  n_actions: 2, n_segments: 10, n_named: 5, n_rated: 4, n_kept: 3, alpha: 0.81, frozen_by: "Mira", frozen_at: "2026-01-05T08:00:00Z", ...more,
});
const nothing = { n: 0, median: null, examples: [] };
const grasp = { id: 3, name: "Grasp", colour: 1 };
const example = { id: 100, video: 1, title: "cam1.mp4", start_s: 10, end_s: 12, before: null, after: null };

beforeEach(() => {
  server.use(
    get("/api/session/", session()),
    get("/api/projects/", [project()]),
    get("/api/projects/1/", project()),
    get("/api/projects/1/runs/", [run()]),
    get("/api/projects/1/stages/", []),
    get("/api/projects/1/uploads/", []),
    get("/api/projects/1/versions/", [version(2), version(1)]),
    get("/api/projects/1/versions/preview/", { n_actions: 2, n_segments: 10, n_named: 7, n_rated: 4, n_kept: 3, n_conflicts: 1, n_unnamed_clusters: 1, n_videos: 1, alpha: null, n_twice: 0 }),
    get("/api/versions/11/diff/12/", {
      before: version(1), after: version(2), same_run: true, n_shared: 10, n_gone: 0, n_new: 0, gone: [], new: [],
      actions: [
        { kind: "renamed", action: grasp, other: null, n_before: 3, n_after: 3, fields: [{ field: "name", before: "Take", after: "Grasp" }], examples: [example] },
        { kind: "merged", action: { id: 4, name: "Hold", colour: 2 }, other: grasp, n_before: 2, n_after: 0, fields: [], examples: [] },
      ],
      n_moved: 2, moves: [{ before: null, after: grasp, n: 2, examples: [example] }],
      quality: { ...nothing, raised: 0, lowered: 0, first_rated: 0, unrated: 0 },
      edges: { n: 1, median: 0.25, examples: [{ ...example, before: [9.75, 12], after: [10, 12] }] },
    }),
  );
});

const row = async (name: RegExp) => within(await screen.findByRole("listitem", { name }, { timeout: 10_000 }));

test("versions are listed with what they hold, and lead to export and comparison", async () => {
  renderApp("/projects/1/versions");
  const second = await row(/Version 2/);
  expect(second.getByText("0.81")).toBeInTheDocument();
  expect(second.getByText("50 %")).toBeInTheDocument();
  expect(second.getByRole("link", { name: "Export this version" })).toHaveAttribute("href", "/projects/1/exports?version=12");
  expect(second.getByRole("link", { name: "Since version 1" })).toHaveAttribute("href", "/projects/1/versions?a=11&b=12");
  expect((await row(/Version 1/)).queryByRole("link", { name: /Since/ })).toBeNull();
});

test("freezing says what is open, and a refusal in the server's words", async () => {
  let sent: unknown;
  server.use(
    http.post("*/api/projects/1/versions/", async ({ request }) => {
      sent = await request.json();
      return HttpResponse.json({ code: "already_frozen", message: "Nothing has changed since version 2.", details: { version: 2 } }, { status: 409 });
    }),
  );
  renderApp("/projects/1/versions");
  await userEvent.click(await screen.findByRole("button", { name: "Freeze…" }));
  const dialog = within(screen.getByRole("dialog", { name: "Freeze the vocabulary" }));
  expect(await dialog.findByText("3 primitives without a name, in 1 cluster")).toBeInTheDocument();
  expect(dialog.getByText("1 conflict between reviewers not settled")).toBeInTheDocument();
  expect(dialog.getByRole("button", { name: "Freeze" })).toBeDisabled();
  await userEvent.type(dialog.getByLabelText("Name"), "June");
  await userEvent.click(dialog.getByRole("button", { name: "Freeze" }));
  expect(await dialog.findByRole("alert")).toHaveTextContent("Nothing has changed since version 2.");
  expect(sent).toEqual({ run: 7, name: "June", note: "" });
});

test("what changed is told action by action, with primitives to look at", async () => {
  renderApp("/projects/1/versions?a=11&b=12");
  const actions = within(await screen.findByRole("region", { name: "Actions" }, { timeout: 10_000 }));
  expect(actions.getByText("Take")).toBeInTheDocument();
  expect(actions.getByText("renamed")).toBeInTheDocument();
  expect(actions.getByText("2 → 0 primitives")).toBeInTheDocument();
  expect(within(screen.getByRole("region", { name: "Primitives moved" })).getByText("unnamed")).toBeInTheDocument();
  const edges = within(screen.getByRole("region", { name: "Edges moved" }));
  expect(edges.getByRole("link", { name: /start \+0\.25 s/ })).toHaveAttribute("href", "/projects/1/videos/1?run=7&segment=100&t=10.000");
  expect(screen.getByText("No rating changed.")).toBeInTheDocument();
});

test("a viewer freezes and exports nothing", async () => {
  server.use(get("/api/projects/1/", project({ role: "viewer" })));
  renderApp("/projects/1/versions");
  expect((await row(/Version 2/)).queryByRole("link", { name: "Export this version" })).toBeNull();
  await waitFor(() => expect(screen.queryByRole("button", { name: "Freeze…" })).toBeNull());
});
