import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const setKeys = {
  all: ["sets"] as const,
  ofProject: (project: number) => ["sets", "project", project] as const,
  one: (id: number) => ["sets", "one", id] as const,
};

/** The saved sets of a project, the newest first, without their primitives. */
export const setsQuery = (project: number) =>
  queryOptions({
    queryKey: setKeys.ofProject(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/sets/", { params: { path: { id: project } }, signal })),
  });

/** A set with its primitives, which never change. */
export const setQuery = (id: number) =>
  queryOptions({
    queryKey: setKeys.one(id),
    queryFn: ({ signal }) => unwrap(api.GET("/api/sets/{id}/", { params: { path: { id } }, signal })),
    staleTime: 5 * 60_000,
  });
