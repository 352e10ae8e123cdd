import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { AskExport } from "../../api/types";

export const exportKeys = {
  all: ["exports"] as const,
  ofProject: (project: number) => ["exports", "project", project] as const,
  one: (id: string) => ["exports", "one", id] as const,
  preview: (project: number, asked: AskExport) => ["exports", "preview", project, asked] as const,
};

const ASK_AGAIN_MS = 4000; // an event may be missed

export const isUnfinished = ({ status }: { status: string }) => status === "queued" || status === "running";

/** The exports of a project, the newest first. */
export const exportsQuery = (project: number) =>
  queryOptions({
    queryKey: exportKeys.ofProject(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/exports/", { params: { path: { id: project } }, signal })),
    refetchInterval: ({ state }) => (state.data?.some(isUnfinished) ? ASK_AGAIN_MS : false),
  });

/** An export with its card. */
export const exportQuery = (id: string) =>
  queryOptions({
    queryKey: exportKeys.one(id),
    queryFn: ({ signal }) => unwrap(api.GET("/api/exports/{id}/", { params: { path: { id } }, signal })),
  });

/** How much such an export would hold, and why the rest stays out. */
export const previewQuery = (project: number, asked: AskExport, enabled: boolean) =>
  queryOptions({
    queryKey: exportKeys.preview(project, asked),
    queryFn: ({ signal }) =>
      unwrap(api.POST("/api/projects/{id}/exports/preview/", { params: { path: { id: project } }, body: asked, signal })),
    enabled,
    placeholderData: keepPreviousData,
    staleTime: Infinity, // a version never changes
    retry: false,
  });
