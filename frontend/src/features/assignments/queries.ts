import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const assignmentKeys = {
  plan: (project: number) => ["assignments", "plan", project] as const,
};

/** How a project is reviewed: the share judged twice. */
export const planQuery = (project: number) =>
  queryOptions({
    queryKey: assignmentKeys.plan(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/review-plan/", { params: { path: { id: project } }, signal })),
  });
