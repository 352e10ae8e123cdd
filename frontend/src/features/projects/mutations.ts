import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { projectKeys } from "./queries";

export function useCreateProject() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; description?: string }) => unwrap(api.POST("/api/projects/", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: projectKeys.list }),
  });
}
