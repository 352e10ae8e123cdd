import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const actionKeys = {
  all: ["actions"] as const,
  list: (project: number, run: number) => ["actions", "list", project, run] as const,
  groups: (run: number) => ["actions", "groups", run] as const,
  segments: (run: number, key: string) => ["actions", "segments", run, key] as const,
  history: (project: number) => ["actions", "history", project] as const,
  steps: (project: number) => ["actions", "steps", project] as const,
  proposals: (run: number) => ["actions", "proposals", run] as const,
  transitions: (run: number) => ["actions", "transitions", run] as const,
  cycles: (run: number, start: string | null) => ["actions", "cycles", run, start] as const,
};

/** The project's vocabulary, deprecated actions last, counted in the run. */
export const actionsQuery = (project: number, run: number) =>
  queryOptions({
    queryKey: actionKeys.list(project, run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/actions/", { params: { path: { id: project }, query: { run } }, signal })),
  });

/** The cards of a run: its actions, and its clusters that have no name yet. */
export const groupsQuery = (run: number) =>
  queryOptions({
    queryKey: actionKeys.groups(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/groups/", { params: { path: { id: run } }, signal })),
  });

/** `action:7` is an action, `cluster:3` what is left to an unnamed cluster. */
function filterOf(key: string): { action: number } | { cluster: number; unnamed: boolean } {
  const [kind, number] = key.split(":");
  return kind === "action" ? { action: Number(number) } : { cluster: Number(number), unnamed: true };
}

export const segmentsOfGroupQuery = (run: number, key: string) =>
  infiniteQueryOptions({
    queryKey: actionKeys.segments(run, key),
    queryFn: ({ pageParam, signal }) =>
      unwrap(api.GET("/api/runs/{id}/segments/", { params: { path: { id: run }, query: { ...filterOf(key), cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });

export const historyQuery = (project: number) =>
  infiniteQueryOptions({
    queryKey: actionKeys.history(project),
    queryFn: ({ pageParam, signal }) =>
      unwrap(api.GET("/api/projects/{id}/vocabulary/history/", { params: { path: { id: project }, query: { cursor: pageParam, limit: 50 } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });

/** What undo and redo would do. */
export const stepsQuery = (project: number) =>
  queryOptions({
    queryKey: actionKeys.steps(project),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/projects/{id}/vocabulary/history/", { params: { path: { id: project }, query: { limit: 1 } }, signal })),
  });

export const proposalsQuery = (run: number) =>
  queryOptions({
    queryKey: actionKeys.proposals(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/carry-over/", { params: { path: { id: run } }, signal })),
  });

export const transitionsQuery = (run: number) =>
  queryOptions({
    queryKey: actionKeys.transitions(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/transitions/", { params: { path: { id: run } }, signal })),
  });

export const cyclesQuery = (run: number, start: string | null) =>
  queryOptions({
    queryKey: actionKeys.cycles(run, start),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/runs/{id}/cycles/", { params: { path: { id: run }, query: { start: start ?? undefined } }, signal })),
  });
