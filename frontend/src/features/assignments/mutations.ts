import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Assign } from "../../api/types";
import { assignmentKeys } from "./queries";

export type Wanted = Omit<Assign, "only"> & Partial<Pick<Assign, "only">>;

export function useAssign(run: number) {
  return useMutation({
    mutationFn: (body: Wanted) => unwrap(api.POST("/api/runs/{id}/assignments/", { params: { path: { id: run } }, body: { only: "all", ...body } })),
  });
}

/** The share judged twice, for this project from now on. */
export function useSetShare(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (double_share: number) => unwrap(api.PUT("/api/projects/{id}/review-plan/", { params: { path: { id: project } }, body: { double_share } })),
    onSuccess: (plan) => client.setQueryData(assignmentKeys.plan(project), plan),
  });
}
