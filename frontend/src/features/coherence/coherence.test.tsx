import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { cluster, clusterCoherence, coherence, group, project, run, session, stage } from "../../testing/fixtures";
import { encodeMap, mapOf } from "../../testing/map";
import { renderApp } from "../../testing/render";
import { server } from "../../testing/server";

const get = (path: string, body: unknown) => http.get(`*${path}`, () => HttpResponse.json(body as object));
const CLIP = "open_clip:ViT-B-32/openai";
const AT = "/projects/1/runs/7/coherence";
const done = [stage({ id: 11, stage: "visual", status: "done" }), stage({ id: 12, stage: "coherence", video: null, video_title: null, status: "done" })];

beforeEach(() => {
  server.use(
    get("/api/session/", session()),
    get("/api/projects/", [project()]),
    get("/api/projects/1/", project()),
    get("/api/projects/1/runs/", [run()]),
    get("/api/projects/1/stages/", []),
    get("/api/projects/1/uploads/", []),
    get("/api/runs/7/", run()),
    get("/api/runs/7/stages/", done),
    get("/api/runs/7/coherence/", [coherence()]),
  );
});

test("every figure stands under the encoder that made it, beside random pairs", async () => {
  const clusters = [clusterCoherence(), clusterCoherence({ index: 1, name: "Cluster 2", n_segments: 1, n_pairs: 0, icss: null, std: null, exact: null, low: null, high: null })];
  server.use(get("/api/runs/7/coherence/", [coherence({ encoder: CLIP, weights: "ab12".repeat(16), clusters }), coherence()]));
  renderApp(AT);
  const clip = within(await screen.findByRole("region", { name: "Coherence by CLIP ViT-B/32" }));
  expect(clip.getByText("weights ab12ab12ab12")).toBeInTheDocument();
  expect(clip.getByText("seed 42")).toBeInTheDocument();
  expect(clip.getByText("0.780 ± 0.120")).toBeInTheDocument();
  expect(clip.getByText("+0.130")).toBeInTheDocument();
  expect(clip.getByText(/above random pairs/)).toBeInTheDocument();
  expect(clip.getByRole("link", { name: "Cluster 1" })).toHaveAttribute("href", "/projects/1/runs/7/clusters?cluster=0");
  const alone = within(clip.getByRole("row", { name: /Cluster 2/ }));
  expect(alone.getByText(/nothing to compare it with/)).toBeInTheDocument();
  const looks = within(screen.getByRole("region", { name: "Coherence by appearance" }));
  expect(looks.getByText("no weights")).toBeInTheDocument();
  expect(looks.getByText(/hand-made measure/)).toBeInTheDocument();
});

test("an interval that holds the baseline is not called better", async () => {
  server.use(get("/api/runs/7/coherence/", [coherence({ icss: 0.79, low: 0.76, high: 0.82 })]));
  renderApp(AT);
  expect(await screen.findByText("random pairs lie within the interval")).toBeInTheDocument();
});

test("without weights the screen gives the command and no figure under that name", async () => {
  const missing = coherence({
    encoder: CLIP, weights: "", why_not: "the weights of CLIP ViT-B/32 are not in /data/weights/clip", command: "uvx fetch-them /data/weights/clip",
    n_segments: 0, n_pairs: 0, icss: null, std: null, exact: null, low: null, high: null, of_clusters: null, random_icss: null, random_std: null,
    random_spread: null, random_exact: null, random_repeats: 0, clusters: [],
  });
  server.use(get("/api/runs/7/coherence/", [missing, coherence()]));
  renderApp(AT);
  const clip = within(await screen.findByRole("region", { name: "Coherence by CLIP ViT-B/32" }));
  expect(clip.getByText(/No figures by CLIP ViT-B\/32: the weights of CLIP ViT-B\/32 are not in/)).toBeInTheDocument();
  expect(clip.getByText("uvx fetch-them /data/weights/clip")).toBeInTheDocument();
  expect(clip.queryByRole("table")).not.toBeInTheDocument();
  expect(screen.getByRole("region", { name: "Coherence by appearance" })).toBeInTheDocument();
});

test("a run that was never measured offers to, and then says how far it is", async () => {
  let asked = 0;
  server.use(
    get("/api/runs/7/coherence/", []),
    http.get("*/api/runs/7/stages/", () =>
      HttpResponse.json(asked ? [stage({ id: 11, stage: "visual", status: "running", progress: 0.5, message: "appearance: 20 of 40 primitives" })] : []),
    ),
    http.post("*/api/runs/7/coherence/measure/", () => {
      asked += 1;
      return HttpResponse.json(run());
    }),
  );
  renderApp(AT);
  expect(await screen.findByText("Not measured yet")).toBeInTheDocument();
  await userEvent.click(await screen.findByRole("button", { name: "Measure coherence" }));
  expect(await screen.findByText(/appearance: 20 of 40 primitives/)).toBeInTheDocument();
  expect(screen.getByRole("progressbar", { name: "Measuring coherence" })).toHaveAttribute("aria-valuenow", "50");
  expect(screen.getByRole("button", { name: "Stop" })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /Measure/ })).not.toBeInTheDocument();
  expect(asked).toBe(1);
});

test("a viewer sees the figures and is offered nothing that would be refused", async () => {
  server.use(get("/api/projects/1/", project({ role: "viewer" })));
  renderApp(AT);
  expect(await screen.findByRole("region", { name: "Coherence by appearance" })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /Measure/ })).not.toBeInTheDocument();
});

test("what failed says why, and figures that cannot be read are asked for again", async () => {
  let broken = true;
  server.use(
    get("/api/runs/7/stages/", [stage({ id: 11, stage: "visual", status: "failed", reason: "The disk is full." })]),
    http.get("*/api/runs/7/coherence/", () =>
      broken ? HttpResponse.json({ code: "restoring", message: "The database is being restored." }, { status: 409 }) : HttpResponse.json([coherence()]),
    ),
  );
  renderApp(AT);
  expect(await screen.findByText("The disk is full.")).toBeInTheDocument();
  expect(await screen.findByText("The database is being restored.")).toBeInTheDocument();
  broken = false;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("region", { name: "Coherence by appearance" })).toBeInTheDocument();
});

test("clusters with one primitive each have no pair, which is said", async () => {
  server.use(get("/api/runs/7/coherence/", [coherence({ n_pairs: 0, icss: null, random_icss: null })]));
  renderApp(AT);
  expect(await screen.findByText(/no pair to compare/)).toBeInTheDocument();
});

test("a cluster's card carries its coherence, the baseline and the encoder's name", async () => {
  const made = { encoder: "appearance", weights: "", seed: 42, n_segments: 2, n_pairs: 1, low: null, high: null };
  server.use(
    get("/api/runs/7/clusters/", [cluster()]),
    get("/api/runs/7/groups/", [
      group({ coherence: [{ ...made, icss: 0.934, random_icss: 0.8 }] }),
      group({ key: "cluster:1", name: "Cluster 2", size: 1, coherence: [{ ...made, icss: null, random_icss: 0.8 }] }),
      group({ key: "cluster:2", name: "Cluster 3", size: 1 }),
    ]),
    get("/api/projects/1/vocabulary/history/", { results: [], next: null, undo: null, redo: null }),
    get("/api/runs/7/carry-over/", { source: null, proposals: [] }),
    http.get("*/api/runs/7/map/", () => HttpResponse.arrayBuffer(encodeMap(mapOf([], { projection: "pca" })))),
  );
  renderApp("/projects/1/runs/7/clusters");
  const cards = within(await screen.findByRole("list", { name: "Actions" })).getAllByRole("listitem");
  expect(cards).toHaveLength(3);
  expect(within(cards[0]!).getByText("coherence 0.934")).toBeInTheDocument();
  expect(within(cards[0]!).getByText("random 0.800")).toBeInTheDocument();
  expect(within(cards[0]!).getByText("appearance")).toBeInTheDocument();
  expect(within(cards[1]!).getByText(/nothing to be compared with/)).toBeInTheDocument();
  expect(within(cards[2]!).queryByText(/coherence/)).not.toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Coherence" })).toHaveAttribute("href", AT);
});
