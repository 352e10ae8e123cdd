import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const versionKeys = {
  all: ["versions"] as const,
  ofProject: (project: number) => ["versions", "of", project] as const,
  preview: (project: number, run: number) => ["versions", "preview", project, run] as const,
  one: (version: number) => ["versions", "one", version] as const,
  diff: (before: number, after: number) => ["versions", "diff", before, after] as const,
};

export const versionsQuery = (project: number) =>
  queryOptions({
    queryKey: versionKeys.ofProject(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/versions/", { params: { path: { id: project } }, signal })),
  });

/** What a version of the run would hold if it were frozen now. */
export const freezePreviewQuery = (project: number, run: number) =>
  queryOptions({
    queryKey: versionKeys.preview(project, run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/versions/preview/", { params: { path: { id: project }, query: { run } }, signal })),
    staleTime: 0,
  });

export const versionQuery = (version: number) =>
  queryOptions({
    queryKey: versionKeys.one(version),
    queryFn: ({ signal }) => unwrap(api.GET("/api/versions/{id}/", { params: { path: { id: version } }, signal })),
    staleTime: Infinity, // a frozen version never changes
  });

export const versionDiffQuery = (before: number, after: number) =>
  queryOptions({
    queryKey: versionKeys.diff(before, after),
    queryFn: ({ signal }) => unwrap(api.GET("/api/versions/{id}/diff/{other}/", { params: { path: { id: before, other: after } }, signal })),
    staleTime: Infinity,
  });
