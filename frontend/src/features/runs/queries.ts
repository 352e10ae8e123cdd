import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const runKeys = {
  all: ["runs"] as const,
  ofProject: (project: number) => ["runs", "project", project] as const,
  one: (id: number) => ["runs", "one", id] as const,
  stages: (id: number) => ["runs", "stages", id] as const,
  signals: (run: number, video: number) => ["runs", "signals", run, video] as const,
  activeStages: (project: number) => ["stages", project] as const,
};

export const runsQuery = (project: number) =>
  queryOptions({
    queryKey: runKeys.ofProject(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/runs/", { params: { path: { id: project } }, signal })),
  });

export const runQuery = (id: number) =>
  queryOptions({
    queryKey: runKeys.one(id),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/", { params: { path: { id } }, signal })),
  });

export const stagesQuery = (run: number) =>
  queryOptions({
    queryKey: runKeys.stages(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/stages/", { params: { path: { id: run } }, signal })),
  });

/** What is going on in the project, over ingest and runs. */
export const activeStagesQuery = (project: number) =>
  queryOptions({
    queryKey: runKeys.activeStages(project),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/projects/{id}/stages/", { params: { path: { id: project }, query: { active: 1 } }, signal })),
  });

export const presetsQuery = queryOptions({
  queryKey: ["presets"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/presets/", { signal })),
  staleTime: Infinity, // part of the server's code
});
