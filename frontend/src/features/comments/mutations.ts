import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { commentKeys, type About } from "./queries";

/** After each of these, what is shown of comments anywhere is read again. */
function useCommentCommand<A, R>(send: (what: A) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: send, onSuccess: () => client.invalidateQueries({ queryKey: commentKeys.all }) });
}

export const useWriteComment = (about: About) =>
  useCommentCommand(({ text, timeS }: { text: string; timeS: number }) =>
    "video" in about
      ? unwrap(api.POST("/api/videos/{id}/comments/", { params: { path: { id: about.video } }, body: { text, time_s: timeS } }))
      : unwrap(api.POST("/api/segments/{id}/comments/", { params: { path: { id: about.segment } }, body: { text, time_s: timeS } })),
  );

export const useChangeComment = () =>
  useCommentCommand(({ id, ...body }: { id: number; text?: string; resolved?: boolean }) => unwrap(api.PATCH("/api/comments/{id}/", { params: { path: { id } }, body })));

export const useDeleteComment = () => useCommentCommand((id: number) => unwrap(api.DELETE("/api/comments/{id}/", { params: { path: { id } } })));

export const useMentionsSeen = () => useCommentCommand((ids?: number[]) => unwrap(api.POST("/api/mentions/seen/", { body: ids ? { ids } : {} })));
