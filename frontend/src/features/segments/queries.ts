import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Segment } from "../../api/types";
import type { SimilarFilters } from "./filters";

export const segmentKeys = {
  all: ["segments"] as const,
  one: (id: number) => ["segments", "one", id] as const,
  ofVideo: (run: number, video: number) => ["segments", "run", run, "video", video] as const,
  ofCluster: (run: number, cluster: number) => ["segments", "run", run, "cluster", cluster] as const,
  similar: (id: number, filters: SimilarFilters) => ["segments", "similar", id, filters] as const,
};

async function page(run: number, query: { video?: number; cluster?: number; cursor?: string }, signal: AbortSignal) {
  return unwrap(api.GET("/api/runs/{id}/segments/", { params: { path: { id: run }, query }, signal }));
}

/** Every primitive of one video, in time order: the lanes need them all. */
export const segmentsOfVideoQuery = (run: number, video: number) =>
  queryOptions({
    queryKey: segmentKeys.ofVideo(run, video),
    queryFn: async ({ signal }) => {
      const segments: Segment[] = [];
      let cursor: string | undefined;
      do {
        const { results, next } = await page(run, { video, cursor }, signal);
        segments.push(...results);
        cursor = next ?? undefined;
      } while (cursor !== undefined);
      return segments.sort((a, b) => a.start_s - b.start_s);
    },
  });

/** The primitives of one cluster, a page at a time. `cluster` is its index in the run. */
export const segmentsOfClusterQuery = (run: number, cluster: number) =>
  infiniteQueryOptions({
    queryKey: segmentKeys.ofCluster(run, cluster),
    queryFn: ({ pageParam, signal }) => page(run, { cluster, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });

export const segmentQuery = (id: number) =>
  queryOptions({
    queryKey: segmentKeys.one(id),
    queryFn: ({ signal }) => unwrap(api.GET("/api/segments/{id}/", { params: { path: { id } }, signal })),
    staleTime: 60_000,
  });

export const similarQuery = (id: number, filters: SimilarFilters) =>
  queryOptions({
    queryKey: segmentKeys.similar(id, filters),
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/segments/{id}/similar/", {
          params: {
            path: { id },
            query: {
              k: 20,
              scope: filters.scope,
              video: filters.video ?? undefined,
              cluster: filters.cluster ?? undefined,
              exclude_same_video: filters.excludeSameVideo || undefined,
              min_duration_s: filters.minDurationS ?? undefined,
              max_duration_s: filters.maxDurationS ?? undefined,
            },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
