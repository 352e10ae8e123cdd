import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import type { Stage } from "../api/types";
import { runKeys } from "../features/runs/queries";
import { run, stage, video } from "../testing/fixtures";
import { videoKeys } from "../features/videos/queries";
import { patch, staleAfter, type Change } from "./liveUpdates";

const change = (rest: Partial<Change>): Change => ({
  kind: "stage",
  id: 1,
  project: 1,
  run: 7,
  video: 1,
  stage: "track",
  status: "running",
  progress: 0.5,
  message: "window 5 of 10",
  ...rest,
});

test("progress is put into the lists at once, without asking the server", () => {
  const client = new QueryClient();
  client.setQueryData(runKeys.stages(7), [stage({ status: "running", progress: 0.1 }), stage({ id: 2 })]);
  expect(patch(client, change({}))).toBe(true);
  const [first, second] = client.getQueryData<Stage[]>(runKeys.stages(7))!;
  expect(first).toMatchObject({ progress: 0.5, message: "window 5 of 10" });
  expect(second).toMatchObject({ progress: 0, message: "" });
});

test("a new state is more than a number: the server is asked", () => {
  const client = new QueryClient();
  client.setQueryData(runKeys.stages(7), [stage({ status: "queued" })]);
  expect(patch(client, change({ status: "running" }))).toBe(false);
  expect(staleAfter(change({ status: "done", stage: "umap" }))).toContainEqual(["clusters", "map", 7]);
});

test("a video that became ready brings its poster: the server is asked", () => {
  const client = new QueryClient();
  client.setQueryData(videoKeys.ofProject(1), [video({ status: "ready" })]);
  const ready = change({ kind: "video", id: 1, run: null, stage: null, status: "ready", progress: 1 });
  expect(patch(client, ready)).toBe(false);
  expect(staleAfter(ready)).toContainEqual(["videos", "project", 1]);
});

test("who says only that a run goes on changes no figure, and has it asked for", () => {
  const client = new QueryClient();
  client.setQueryData(runKeys.one(7), run({ status: "running", progress: 0.4 }));
  const { progress, message, ...bare } = change({ kind: "run", id: 7, stage: null });
  expect([progress, message]).not.toContain(undefined);
  expect(patch(client, bare)).toBe(false);
  expect(client.getQueryData(runKeys.one(7))).toMatchObject({ progress: 0.4 });
});

test("a run's progress reaches its page and the list", () => {
  const client = new QueryClient();
  client.setQueryData(runKeys.one(7), run({ status: "running", progress: 0 }));
  client.setQueryData(runKeys.ofProject(1), [run({ status: "running", progress: 0 })]);
  expect(patch(client, change({ kind: "run", id: 7, progress: 0.3, message: "tracking" }))).toBe(true);
  expect(client.getQueryData(runKeys.one(7))).toMatchObject({ progress: 0.3, message: "tracking" });
  expect(client.getQueryData(runKeys.ofProject(1))).toMatchObject([{ progress: 0.3 }]);
});
