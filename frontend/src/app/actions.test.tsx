import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { cluster, group, project, run, segment, session } from "../testing/fixtures";
import { encodeMap, mapOf } from "../testing/map";
import { renderApp } from "../testing/render";
import { server } from "../testing/server";

const get = (path: string, body: unknown) => http.get(`*${path}`, () => HttpResponse.json(body as object));
const change = (summary: string, more: object = {}) => ({
  id: 5, kind: "name", summary, run: 7, run_number: 7, by: "Mira", at: "2026-01-05T08:00:00Z", undone_at: null, undone_by: null, ...more,
});
const grasp = group({ key: "action:3", name: "Grasp", action: { id: 3, name: "Grasp", colour: 4 }, colour: 4, quality: 2.5, n_rated: 2 });

let sent: { path: string; body: unknown }[] = [];

beforeEach(() => {
  sent = [];
  server.use(
    get("/api/session/", session()),
    get("/api/projects/", [project()]),
    get("/api/projects/1/", project()),
    get("/api/projects/1/videos/", []),
    get("/api/projects/1/runs/", [run()]),
    get("/api/projects/1/stages/", []),
    get("/api/projects/1/uploads/", []),
    get("/api/runs/7/", run({ suggested_k: [[2, 0.4], [3, 0.3]] })),
    get("/api/runs/7/clusters/", [cluster(), cluster({ id: 2, index: 1, name: "Cluster 2" })]),
    get("/api/runs/7/groups/", [grasp, group({ key: "cluster:1", name: "Cluster 2", colour: 1, size: 1 })]),
    get("/api/runs/7/carry-over/", { source: null, proposals: [] }),
    get("/api/projects/1/vocabulary/history/", { results: [change("Named cluster 1 “Grasp”")], next: null, undo: change("Named cluster 1 “Grasp”"), redo: null }),
    http.get("*/api/runs/7/map/", () => HttpResponse.arrayBuffer(encodeMap(mapOf([{ id: 100, action: 3 }, { id: 101, x: 1, y: 1, cluster: 1 }], { projection: "pca" })))),
    get("/api/runs/7/segments/", { results: [segment({ action: { id: 3, name: "Grasp", colour: 4 } })], next: null }),
    http.all("*/api/:rest+", async ({ request }) => {
      if (request.method === "GET") return;
      sent.push({ path: new URL(request.url).pathname, body: await request.json() });
      return HttpResponse.json({ change: change("Done"), action: null });
    }),
  );
});

// The screen is loaded when it is first opened, which takes a moment on a busy machine.
const card = async (name: string) => within(await screen.findByRole("listitem", { name }, { timeout: 10_000 }));

test("a cluster is named in place, and an action renamed with what was seen of it", async () => {
  renderApp("/projects/1/runs/7/clusters");
  await userEvent.click((await card("Cluster 2")).getByRole("button", { name: "Name Cluster 2" }));
  await userEvent.type(screen.getByLabelText("Name of Cluster 2"), "Place{Enter}");
  await userEvent.click((await card("Grasp")).getByRole("button", { name: "Name Grasp" }));
  await userEvent.clear(screen.getByLabelText("Name of Grasp"));
  await userEvent.type(screen.getByLabelText("Name of Grasp"), "Take{Enter}");
  await waitFor(() =>
    expect(sent).toEqual([
      { path: "/api/runs/7/groups/name/", body: { cluster: 1, name: "Place" } },
      { path: "/api/actions/3/", body: { name: "Take", expected: { name: "Grasp" } } },
    ]),
  );
  expect((await card("Grasp")).getByText("quality 2.50 (n = 2)")).toBeInTheDocument();
  expect((await card("Cluster 2")).getByText("not rated yet")).toBeInTheDocument();
});

test("merging and undoing by the keyboard", async () => {
  renderApp("/projects/1/runs/7/clusters");
  await userEvent.click((await card("Cluster 2")).getByRole("button", { name: "More for Cluster 2" }));
  await userEvent.click(screen.getByRole("button", { name: "Merge into…" }));
  await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Merge" }));
  await waitFor(() => expect(sent).toEqual([{ path: "/api/runs/7/groups/merge/", body: { groups: ["cluster:1"], into: "action:3" } }]));
  await waitFor(() => expect(screen.getByRole("button", { name: "Undo" })).toBeEnabled());
  await userEvent.keyboard("z");
  await waitFor(() => expect(sent.at(-1)?.path).toBe("/api/projects/1/vocabulary/undo/"));
});

test("a selection is counted on the cards and moved", async () => {
  renderApp("/projects/1/runs/7/clusters?action=3");
  await userEvent.click(await screen.findByRole("checkbox", { name: /Select Primitive 1/ }));
  expect(await screen.findByText("1 primitive selected")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("link", { name: "All actions" }));
  expect((await card("Grasp")).getByText("1 selected")).toBeInTheDocument();
  expect((await card("Cluster 2")).getByText("0 selected")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Move to…" }));
  await userEvent.type(screen.getByLabelText("Name of a new action"), "Wipe");
  await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Move" }));
  await waitFor(() => expect(sent).toEqual([{ path: "/api/runs/7/groups/move/", body: { segments: [100], to: "new", name: "Wipe" } }]));
});

test("a refusal is shown in the server's words", async () => {
  server.use(http.post("*/api/projects/1/vocabulary/undo/", () => HttpResponse.json({ code: "changed_meanwhile", message: "“Grasp” has been changed since." }, { status: 409 })));
  renderApp("/projects/1/runs/7/clusters");
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("“Grasp” has been changed since.");
});

test("names of another run are offered, and those ticked are taken over", async () => {
  const offered = (index: number, of_cluster: number, ticked: boolean) => ({
    cluster: index, name: `Cluster ${index + 1}`, size: 2, action: { id: 9, name: "Turn", colour: 2 }, overlap_s: 3, of_cluster, of_action: 0.5, ticked,
  });
  server.use(get("/api/runs/7/carry-over/", { source: { id: 6, number: 6 }, proposals: [offered(1, 0.9, true), offered(2, 0.2, false)] }));
  renderApp("/projects/1/runs/7/clusters");
  await userEvent.click(await screen.findByRole("button", { name: "Look at them" }));
  const dialog = within(screen.getByRole("dialog", { name: "Names of run 6" }));
  expect(dialog.getByRole("checkbox", { name: "Cluster 2" })).toBeChecked();
  expect(dialog.getByRole("checkbox", { name: "Cluster 3" })).not.toBeChecked();
  await userEvent.click(dialog.getByRole("button", { name: "Take over 1 name" }));
  await waitFor(() => expect(sent).toEqual([{ path: "/api/runs/7/carry-over/", body: { source: 6, clusters: [{ cluster: 1, action: 9 }] } }]));
});

test("a viewer changes nothing", async () => {
  server.use(get("/api/projects/1/", project({ role: "viewer" })));
  renderApp("/projects/1/runs/7/clusters");
  const mine = await card("Grasp");
  expect(mine.queryByRole("button", { name: "Name Grasp" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
  expect(screen.getByRole("button", { name: "History" })).toBeInTheDocument();
});

const action = (id: number, name: string, more: object = {}) => ({
  id, name, description: "", subject: "", verb: "", object: "", primitive: "", colour: id, digit: null, examples: [], deprecated: false,
  created_by: "Mira", created_at: "2026-01-05T08:00:00Z", n_clusters: 1, n_segments: 2, ...more,
});

test("an action is changed by its form, with all that was seen of it", async () => {
  server.use(get("/api/projects/1/actions/", [action(3, "Grasp", { digit: 1 }), action(9, "Turn", { digit: 2 })]));
  renderApp("/projects/1/runs/7/clusters");
  await userEvent.click((await card("Grasp")).getByRole("button", { name: "More for Grasp" }));
  await userEvent.click(screen.getByRole("button", { name: "Edit…" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Grasp" }));
  expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
  await userEvent.type(dialog.getByLabelText("Description"), "with the right hand");
  await userEvent.selectOptions(dialog.getByLabelText("Key in review"), "2");
  expect(dialog.getByText("“Turn” has the key 2 now and gets 1 for it.")).toBeInTheDocument();
  await userEvent.selectOptions(dialog.getByLabelText("Taxonomy primitive"), "grasp");
  await userEvent.click(dialog.getByRole("radio", { name: "Colour 5" }));
  await userEvent.click(await dialog.findByRole("checkbox", { name: "Example 1" }));
  await userEvent.click(dialog.getByRole("button", { name: "Save" }));
  const seen = { name: "Grasp", description: "", subject: "", verb: "", object: "", primitive: "", colour: 3, digit: 1, examples: [] };
  await waitFor(() =>
    expect(sent).toEqual([
      { path: "/api/actions/3/", body: { description: "with the right hand", digit: 2, primitive: "grasp", colour: 4, examples: [100], expected: seen } },
    ]),
  );
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("who comes second is told, keeps what they typed, and may look at it as it is now", async () => {
  let there = action(3, "Grasp");
  server.use(
    http.get("*/api/projects/1/actions/", () => HttpResponse.json([there])),
    http.patch("*/api/actions/3/", () => {
      there = action(3, "Seize");
      return HttpResponse.json({ code: "changed_meanwhile", message: "“Grasp” was renamed to “Seize” by Ana meanwhile." }, { status: 409 });
    }),
  );
  renderApp("/projects/1/runs/7/clusters?action=3");
  await userEvent.click(await screen.findByRole("button", { name: "Edit…" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(await dialog.findByLabelText("Name"), " it");
  await userEvent.click(dialog.getByRole("button", { name: "Save" }));
  expect(await dialog.findByRole("alert")).toHaveTextContent("by Ana meanwhile");
  expect(dialog.getByLabelText("Name")).toHaveValue("Grasp it");
  await userEvent.click(dialog.getByRole("button", { name: "Show it as it is now" }));
  await waitFor(() => expect(dialog.getByLabelText("Name")).toHaveValue("Seize"));
});

test("a deprecated action is found among all names and brought back", async () => {
  server.use(get("/api/projects/1/actions/", [action(3, "Grasp"), action(9, "Turn", { deprecated: true, n_segments: 0 })]));
  renderApp("/projects/1/runs/7/clusters");
  await userEvent.click(await screen.findByRole("button", { name: "All names" }, { timeout: 10_000 }));
  await userEvent.click(await screen.findByRole("button", { name: /Turn/ }));
  await userEvent.click(await screen.findByRole("button", { name: "Restore" }));
  await waitFor(() => expect(sent).toEqual([{ path: "/api/actions/9/", body: { deprecated: false, expected: { deprecated: true } } }]));
});

test("the plot of k tells both measures, each k by the arrow keys", async () => {
  server.use(get("/api/runs/7/", run({ suggested_k: [[2, 0.41, 120.4], [3, 0.3, 80], [4, 0.2, 60]] })));
  renderApp("/projects/1/runs/7/clusters");
  await userEvent.click(await screen.findByRole("button", { name: "k = 2: change" }, { timeout: 10_000 }));
  const plot = screen.getByRole("slider", { name: "k" });
  expect(plot).toHaveAttribute("aria-valuetext", "k = 2 · silhouette 0.41 · Calinski–Harabasz 120 · stability 0.93, this run");
  plot.focus();
  await userEvent.keyboard("{ArrowRight}{ArrowRight}");
  expect(plot).toHaveAttribute("aria-valuetext", "k = 4 · silhouette 0.2 · Calinski–Harabasz 60");
  expect(screen.getByLabelText("Clusters")).toHaveValue(4);
});

test("a run whose k was given shows what the run it came from measured", async () => {
  server.use(
    get("/api/projects/1/runs/", [run({ derived_from: 6 }), run({ id: 6, number: 6, suggested_k: [[2, 0.41, 120], [3, 0.3, 80]] })]),
    get("/api/runs/7/", run({ derived_from: 6 })),
  );
  renderApp("/projects/1/runs/7/clusters");
  await userEvent.click(await screen.findByRole("button", { name: "k = 2: change" }, { timeout: 10_000 }));
  expect(screen.getByText("Measured by run 6, on the same primitives.")).toBeInTheDocument();
});
