import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const agreementKeys = {
  all: ["agreement"] as const,
  ofRun: (run: number) => ["agreement", "run", run] as const,
  figures: (run: number) => ["agreement", "run", run, "figures"] as const,
  progress: (run: number) => ["agreement", "run", run, "progress"] as const,
  conflicts: (run: number) => ["agreement", "run", run, "conflicts"] as const,
  settled: (run: number) => ["agreement", "run", run, "settled"] as const,
  actions: (project: number) => ["agreement", "actions", project] as const,
};

const of = (run: number) => ({ path: { id: run } });

export const agreementQuery = (run: number) =>
  queryOptions({
    queryKey: agreementKeys.figures(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/agreement/", { params: of(run), signal })),
  });

export const progressQuery = (run: number) =>
  queryOptions({
    queryKey: agreementKeys.progress(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/review-progress/", { params: of(run), signal })),
  });

export const conflictsQuery = (run: number) =>
  queryOptions({
    queryKey: agreementKeys.conflicts(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/conflicts/", { params: of(run), signal })),
  });

export const settledQuery = (run: number) =>
  queryOptions({
    queryKey: agreementKeys.settled(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/settled/", { params: of(run), signal })),
  });

/** The vocabulary, for settling a label. */
export const actionsQuery = (project: number) =>
  queryOptions({
    queryKey: agreementKeys.actions(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/actions/", { params: of(project), signal })),
  });
