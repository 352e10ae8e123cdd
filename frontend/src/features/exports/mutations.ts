import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { AskExport, DatasetExport } from "../../api/types";
import { exportKeys } from "./queries";

export function useAskExport(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: AskExport) => unwrap(api.POST("/api/projects/{id}/exports/", { params: { path: { id: project } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: exportKeys.ofProject(project) }),
  });
}

export function useCancelExport(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.POST("/api/exports/{id}/cancel/", { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: exportKeys.ofProject(project) }),
  });
}

export function useDeleteExport(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE("/api/exports/{id}/", { params: { path: { id } } })),
    onSuccess: (_nothing, id) => {
      client.setQueryData<DatasetExport[]>(exportKeys.ofProject(project), (rows) => rows?.filter((row) => row.id !== id));
      void client.invalidateQueries({ queryKey: exportKeys.ofProject(project) });
    },
  });
}
