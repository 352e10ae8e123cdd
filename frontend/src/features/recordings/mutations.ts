import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

/** The offset at which the run's energies of two views agree best; asked for by a press, and not kept. */
export const suggestedOffsetQuery = (run: number, a: number, b: number) =>
  queryOptions({
    queryKey: ["recordings", "suggested-offset", run, a, b],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/runs/{run}/suggest-offset/", { params: { path: { run }, query: { a, b } }, signal })),
    enabled: false,
    retry: false,
    gcTime: 0,
  });

export function useSetOffset(video: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (offset_s: number) => unwrap(api.PATCH("/api/videos/{id}/", { params: { path: { id: video } }, body: { offset_s } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["videos"] }),
  });
}
