import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { versionKeys } from "./queries";

export function useFreeze(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { run: number; name: string; note: string }) =>
      unwrap(api.POST("/api/projects/{id}/versions/", { params: { path: { id: project } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: versionKeys.ofProject(project) }),
  });
}
