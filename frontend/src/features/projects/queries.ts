import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const projectKeys = {
  all: ["projects"] as const,
  list: ["projects", "list"] as const,
  one: (id: number) => ["projects", id] as const,
};

export const projectsQuery = queryOptions({
  queryKey: projectKeys.list,
  queryFn: ({ signal }) => unwrap(api.GET("/api/projects/", { signal })),
});

export const projectQuery = (id: number) =>
  queryOptions({
    queryKey: projectKeys.one(id),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/", { params: { path: { id } }, signal })),
  });
