import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const videoKeys = {
  all: ["videos"] as const,
  ofProject: (project: number) => ["videos", "project", project] as const,
  one: (id: number) => ["videos", "one", id] as const,
};

export const videosQuery = (project: number) =>
  queryOptions({
    queryKey: videoKeys.ofProject(project),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/projects/{id}/videos/", { params: { path: { id: project } }, signal })),
  });

export const videoQuery = (id: number) =>
  queryOptions({
    queryKey: videoKeys.one(id),
    queryFn: ({ signal }) => unwrap(api.GET("/api/videos/{id}/", { params: { path: { id } }, signal })),
  });
