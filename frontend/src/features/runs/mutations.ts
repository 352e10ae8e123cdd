import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { RunDetail, RunKeep, RunRequest } from "../../api/types";
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

function useRunCommand(send: (id: number) => Promise<RunDetail>) {
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

/** The run cut otherwise, as a run of its own. */
export function useKeepRun(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: RunKeep) => unwrap(api.POST("/api/runs/{id}/keep/", { params: { path: { id } }, body })),
    onSuccess: (run) => {
      client.setQueryData(runKeys.one(run.id), run);
      void client.invalidateQueries({ queryKey: runKeys.ofProject(run.project) });
      void client.invalidateQueries({ queryKey: runKeys.activeStages(run.project) });
    },
  });
}

/** A new run with another k; it reuses all up to the embeddings. */
export function useRecluster(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ run, k }: { run: number; k: number }) =>
      unwrap(api.POST("/api/runs/{id}/recluster/", { params: { path: { id: run } }, body: { n_clusters: k } })),
    onSuccess: (run) => {
      client.setQueryData(runKeys.one(run.id), run);
      void client.invalidateQueries({ queryKey: runKeys.ofProject(project) });
      void client.invalidateQueries({ queryKey: runKeys.activeStages(project) });
    },
  });
}
