import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import type { AskExport, DatasetExport } from "../api/types";
import { datasetExport, exportPreview, project, session, version } from "../testing/fixtures";
import { renderApp } from "../testing/render";
import { server } from "../testing/server";

const get = (path: string, body: unknown) => http.get(`*${path}`, () => HttpResponse.json(body as object));
const LIST = "/api/projects/1/exports/";

beforeEach(() => {
  server.use(
    get("/api/session/", session()),
    get("/api/projects/", [project()]),
    get("/api/projects/1/", project()),
    get("/api/projects/1/stages/", []),
    get("/api/projects/1/versions/", [version()]),
    get(LIST, []),
  );
});

test("an empty list says what an export is, and offers one", async () => {
  renderApp("/projects/1/exports");
  expect(await screen.findByText("No exports yet")).toBeInTheDocument();
  expect(screen.getAllByRole("button", { name: "New export" })).toHaveLength(2);
});

test("a list that failed says why and tries again", async () => {
  let broken = true;
  server.use(
    http.get(`*${LIST}`, () =>
      broken ? HttpResponse.json({ code: "x", message: "The database is being restored." }, { status: 409 }) : HttpResponse.json([]),
    ),
  );
  renderApp("/projects/1/exports");
  expect(await screen.findByRole("alert")).toHaveTextContent("being restored");
  broken = false;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("No exports yet")).toBeInTheDocument();
});

test("each export says how it stands", async () => {
  server.use(
    get(LIST, [
      datasetExport({ id: "1", kind: "lerobot", status: "running", progress: 0.4, message: "12 of 30 primitives", file_url: null }),
      datasetExport({ id: "2", kind: "webdataset" }),
      datasetExport({ id: "3", kind: "laps", status: "failed", reason: "The disk is full. Free some space, then try again.", file_url: null }),
      datasetExport({ id: "4", kind: "activitynet", gone_at: "2026-01-06T08:00:00Z", file_url: null }),
    ]),
  );
  renderApp("/projects/1/exports");
  const row = async (name: string) => within((await screen.findByText(name)).closest("li")!);
  const running = await row("LeRobot v3");
  expect(running.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "40");
  expect(running.getByRole("button", { name: "Cancel LeRobot v3 of version 3" })).toBeInTheDocument();
  const done = await row("WebDataset");
  expect(done.getByText("180 primitives")).toBeInTheDocument();
  expect(done.getByText("82.0 MB")).toBeInTheDocument();
  expect(done.getByRole("link", { name: /Download motor-line/ })).toHaveAttribute("href", datasetExport().file_url);
  expect(done.getByText(/quality 2 or more · 80 \/ 10 \/ 10 by video/)).toBeInTheDocument();
  expect((await row("LAPS clips and codes")).getByText(/The disk is full/)).toBeInTheDocument();
  const gone = await row("ActivityNet JSON and CSV");
  expect(gone.getByText(/made again, it has the same bytes/)).toBeInTheDocument();
  expect(gone.queryByRole("link", { name: /Download/ })).not.toBeInTheDocument();
});

test("a reviewer is offered nothing that would be refused", async () => {
  server.use(get("/api/projects/1/", project({ role: "reviewer" })), get(LIST, [datasetExport()]));
  renderApp("/projects/1/exports?new=1");
  expect(await screen.findByText("WebDataset")).toBeInTheDocument();
  expect(screen.queryByRole("link", { name: /Download/ })).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /New export|Delete/ })).not.toBeInTheDocument();
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
});

test("from New export to a row, with what it would hold told on the way", async () => {
  const rows: DatasetExport[] = [];
  const previewed: AskExport[] = [];
  let asked: AskExport | null = null;
  server.use(
    http.get(`*${LIST}`, () => HttpResponse.json(rows)),
    http.post("*/api/projects/1/exports/preview/", async ({ request }) => {
      const body = (await request.json()) as AskExport;
      previewed.push(body);
      return HttpResponse.json(body.options!.include_unrated ? exportPreview({ n_segments: 220, unrated: 0 }) : exportPreview());
    }),
    http.post(`*${LIST}`, async ({ request }) => {
      asked = (await request.json()) as AskExport;
      rows.push(datasetExport({ status: "queued", progress: 0, file_url: null }));
      return HttpResponse.json(rows[0], { status: 201 });
    }),
  );
  renderApp("/projects/1/exports");
  await userEvent.click((await screen.findAllByRole("button", { name: "New export" }))[0]!);
  const dialog = within(await screen.findByRole("dialog", { name: "New export" }));
  expect(await dialog.findByText("Would hold 180 primitives of 6 actions in 4 videos, 12 min.")).toBeInTheDocument();
  await userEvent.click(dialog.getByRole("radio", { name: /WebDataset/ }));
  await userEvent.click(dialog.getByRole("checkbox", { name: "Also those nobody has rated" }));
  expect(await dialog.findByText(/Would hold 220 primitives/)).toBeInTheDocument();
  await userEvent.click(dialog.getByText("All actions"));
  await userEvent.click(dialog.getByRole("checkbox", { name: /grasp/ }));
  await waitFor(() => expect(previewed.at(-1)!.options!.actions).toEqual([11]));
  await userEvent.click(dialog.getByRole("button", { name: "Export" }));
  expect(await screen.findByText(/waiting for a worker/)).toBeInTheDocument();
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  expect(asked!).toMatchObject({ version: 3, kind: "webdataset", options: { include_unrated: true, actions: [11], settings: { shard_mb: 500 } } });
});

test("episodes that are cycles begin with an action of the version", async () => {
  let asked: AskExport | null = null;
  server.use(
    get("/api/projects/1/versions/", [version(), version({ id: 2, number: 2, name: "second" })]),
    http.post("*/api/projects/1/exports/preview/", () => HttpResponse.json(exportPreview())),
    http.post(`*${LIST}`, async ({ request }) => {
      asked = (await request.json()) as AskExport;
      return HttpResponse.json({ code: "x", message: "No." }, { status: 409 });
    }),
  );
  renderApp("/projects/1/exports?new=1");
  const dialog = within(await screen.findByRole("dialog", { name: "New export" }));
  await dialog.findByText(/Would hold 180 primitives/);
  await userEvent.click(dialog.getByText("Settings of this form"));
  expect(dialog.queryByLabelText("A cycle begins with")).toBeNull();
  await userEvent.selectOptions(dialog.getByLabelText("An episode is"), "cycle");
  await userEvent.selectOptions(dialog.getByLabelText("A cycle begins with"), "each “press”");
  await userEvent.click(dialog.getByRole("button", { name: "Export" }));
  await waitFor(() => expect(asked).toMatchObject({ kind: "lerobot", options: { settings: { episode: "cycle", cycle_action: 11 } } }));
  await userEvent.selectOptions(dialog.getByLabelText("Version"), "2");
  expect(dialog.getByLabelText("A cycle begins with")).toHaveValue("");
  await userEvent.selectOptions(dialog.getByLabelText("A cycle begins with"), "each “grasp”");
  await userEvent.selectOptions(dialog.getByLabelText("An episode is"), "primitive");
  await userEvent.click(await dialog.findByRole("button", { name: "Export" }));
  await waitFor(() => expect(asked).toMatchObject({ version: 2, options: { settings: { episode: "primitive", cycle_action: null } } }));
});

test("shares that do not add up are told and not sent", async () => {
  server.use(http.post("*/api/projects/1/exports/preview/", () => HttpResponse.json(exportPreview())));
  renderApp("/projects/1/exports?new=1");
  const dialog = within(await screen.findByRole("dialog", { name: "New export" }));
  await userEvent.clear(await dialog.findByLabelText("Train"));
  await userEvent.type(dialog.getByLabelText("Train"), "95");
  expect(await dialog.findByText("The shares add up to 115 %, not 100 %.")).toBeInTheDocument();
  expect(dialog.getByRole("button", { name: "Export" })).toBeDisabled();
});

test("an export of nothing is not offered, and says why", async () => {
  server.use(
    http.post("*/api/projects/1/exports/preview/", () =>
      HttpResponse.json(exportPreview({ n_segments: 0, n_actions: 0, n_videos: 0, seconds: 0, unrated: 240, below_quality: 0 })),
    ),
  );
  renderApp("/projects/1/exports?new=1");
  const dialog = within(await screen.findByRole("dialog", { name: "New export" }));
  expect(await dialog.findByText("Nothing would be in it.")).toBeInTheDocument();
  expect(dialog.getByText("Left out of 240: 240 not rated yet.")).toBeInTheDocument();
  expect(dialog.getByRole("button", { name: "Export" })).toBeDisabled();
});

test("without a version there is a way to freeze one", async () => {
  server.use(get("/api/projects/1/versions/", []));
  renderApp("/projects/1/exports?new=1");
  expect(await screen.findByRole("link", { name: "Freeze a version" })).toHaveAttribute("href", "/projects/1/versions");
});

test("a card tells what is in it, under which licence, and how to load it", async () => {
  const row = datasetExport();
  server.use(
    get(LIST, [row]),
    get(`/api/exports/${row.id}/`, {
      ...row,
      card: {},
      readme: "# Motor line 3",
      contents: {
        seconds: 720,
        steps: 7200,
        rated: 180,
        actions: [{ id: 11, name: "press", primitives: 120, train: 100, val: 10, test: 10 }],
        sources: [{ key: "cam1-abc", title: "cam1.mp4", view: "top", licence: "", split: "train", primitives: 120 }],
        quality: { alpha: 0.71, low: 0.6, high: 0.8, n_units: 40 },
        labels: { alpha: null, low: null, high: null, n_units: 0 },
        notes: [],
      },
    }),
  );
  renderApp("/projects/1/exports");
  await userEvent.click(await screen.findByRole("button", { name: "Card of WebDataset of version 3" }));
  expect(await screen.findByText(/α 0.71 \(0.6 to 0.8\) over 40 primitives/)).toBeInTheDocument();
  expect(screen.getByText("none noted")).toBeInTheDocument();
  expect(screen.getByText(/ask whoever owns them/)).toBeInTheDocument();
  expect(screen.getByLabelText("How to load it in Python")).toHaveTextContent("webdataset-v3/shards/train-*.tar");
  expect(window.location.search).toBe(`?open=${row.id}`);
});

test("a failed export is asked for again as it was, and a file is deleted only after a second word", async () => {
  let rows = [datasetExport({ id: "9", status: "failed", reason: "The disk is full.", file_url: null })];
  const deleted: string[] = [];
  let again: AskExport | null = null;
  server.use(
    http.get(`*${LIST}`, () => HttpResponse.json(rows)),
    http.post(`*${LIST}`, async ({ request }) => {
      again = (await request.json()) as AskExport;
      rows = [datasetExport({ id: "10" })];
      return HttpResponse.json(rows[0], { status: 201 });
    }),
    http.delete("*/api/exports/10/", () => {
      deleted.push("10");
      rows = [];
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderApp("/projects/1/exports");
  await userEvent.click(await screen.findByRole("button", { name: "Try again: WebDataset of version 3" }));
  expect(await screen.findByRole("link", { name: /Download/ })).toBeInTheDocument();
  expect(again!).toEqual({ version: 3, kind: "webdataset", options: datasetExport().options });
  await userEvent.click(screen.getByRole("button", { name: "Delete WebDataset of version 3" }));
  expect(deleted).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "Delete export" }));
  expect(await screen.findByText("No exports yet")).toBeInTheDocument();
  expect(deleted).toEqual(["10"]);
});
