import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { agreementKeys } from "./queries";

export interface Settlement {
  segment: number;
  quality: number;
  action: number | null;
  note: string;
}

export function useSettle(run: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ segment, ...body }: Settlement) =>
      unwrap(api.POST("/api/segments/{id}/adjudications/", { params: { path: { id: segment } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: agreementKeys.ofRun(run) }),
  });
}

export function useUnsettle(run: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => unwrap(api.POST("/api/adjudications/{id}/undo/", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: agreementKeys.ofRun(run) }),
  });
}
