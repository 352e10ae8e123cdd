import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const memberKeys = {
  ofProject: (project: number) => ["members", project] as const,
  list: (project: number) => ["members", project, "list"] as const,
  invitations: (project: number) => ["members", project, "invitations"] as const,
};

export const membersQuery = (project: number) =>
  queryOptions({
    queryKey: memberKeys.list(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/members/", { params: { path: { id: project } }, signal })),
  });

/** The open ones; only owners may ask. */
export const invitationsQuery = (project: number) =>
  queryOptions({
    queryKey: memberKeys.invitations(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/invitations/", { params: { path: { id: project } }, signal })),
  });
