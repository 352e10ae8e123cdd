import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Video } from "../../api/types";
import { videoKeys } from "./queries";

/** Checks and prepares a video again that could not be used. */
export function useRetryVideo(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => unwrap(api.POST("/api/videos/{id}/retry/", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: videoKeys.ofProject(project) }),
  });
}

export function useSetLicence(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, licence }: { id: number; licence: string }) =>
      unwrap(api.PATCH("/api/videos/{id}/", { params: { path: { id } }, body: { licence } })),
    onSuccess: (_video, { id }) =>
      Promise.all([
        client.invalidateQueries({ queryKey: videoKeys.ofProject(project) }),
        client.invalidateQueries({ queryKey: videoKeys.one(id) }),
      ]),
  });
}

export function useRemoveVideo(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => unwrap(api.DELETE("/api/videos/{id}/", { params: { path: { id } } })),
    onSuccess: (_nothing, id) => {
      client.setQueryData<Video[]>(videoKeys.ofProject(project), (videos) => videos?.filter((video) => video.id !== id));
      void client.invalidateQueries({ queryKey: videoKeys.ofProject(project) });
    },
  });
}
