import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Run, RunRequest } from "../../api/types";
import { runKeys } from "./queries";

export function useStartRun(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: RunRequest) => unwrap(api.POST("/api/projects/{id}/runs/", { params: { path: { id: project } }, body })),
    onSuccess: (run) => {
      client.setQueryData(runKeys.one(run.id), run);
      void client.invalidateQueries({ queryKey: runKeys.ofProject(project) });
      void client.invalidateQueries({ queryKey: runKeys.activeStages(project) });
    },
  });
}

function useRunCommand(send: (id: number) => Promise<Run>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: (run) => {
      client.setQueryData(runKeys.one(run.id), run);
      void client.invalidateQueries({ queryKey: runKeys.stages(run.id) });
      void client.invalidateQueries({ queryKey: runKeys.ofProject(run.project) });
      void client.invalidateQueries({ queryKey: runKeys.activeStages(run.project) });
    },
  });
}

export const useCancelRun = () =>
  useRunCommand((id) => unwrap(api.POST("/api/runs/{id}/cancel/", { params: { path: { id } } })));

export const useMeasureCoherence = () =>
  useRunCommand((id) => unwrap(api.POST("/api/runs/{id}/coherence/measure/", { params: { path: { id } } })));

export const useRetryRun = () =>
  useRunCommand((id) => unwrap(api.POST("/api/runs/{id}/retry/", { params: { path: { id } } })));
