import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, csrfToken, unwrap } from "../../api/client";
import { errorFrom } from "../../api/errors";
import type { Example } from "../../api/types";
import type { Filters, Subject } from "./address";

const PAGE = 24;
const ASK_AGAIN_MS = 500; // the event that it is done may be missed

export const searchKeys = {
  all: ["search"] as const,
  example: (id: string) => ["search", "example", id] as const,
  range: (project: number, subject: Subject) => ["search", "range", project, subject] as const,
  hits: (kind: string, id: number | string | null, filters: Filters) => ["search", "hits", kind, id, filters] as const,
};

export const isUnfinished = (example: Pick<Example, "status">) => example.status === "queued" || example.status === "running";

/** Asks for the example of a range; who asks again gets the same one. */
export const rangeQuery = (project: number, subject: Extract<Subject, { kind: "range" }>) =>
  queryOptions({
    queryKey: searchKeys.range(project, subject),
    queryFn: ({ signal }) =>
      unwrap(
        api.POST("/api/projects/{id}/examples/", {
          params: { path: { id: project } },
          body: { run: subject.run, video: subject.video, start_s: subject.fromS, end_s: subject.toS },
          signal,
        }),
      ),
    staleTime: 60_000,
  });

export const exampleQuery = (id: string) =>
  queryOptions({
    queryKey: searchKeys.example(id),
    queryFn: ({ signal }) => unwrap(api.GET("/api/examples/{id}/", { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data && isUnfinished(state.data) ? ASK_AGAIN_MS : false),
  });

/** Uploads a clip to search by. */
export async function uploadClip(project: number, run: number, clip: File): Promise<Example> {
  const form = new FormData();
  form.set("run", String(run));
  form.set("clip", clip);
  const answer = await fetch(`/api/projects/${project}/examples/`, {
    method: "POST",
    body: form,
    headers: { "X-CSRFToken": csrfToken() },
    credentials: "same-origin",
  });
  const body: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok) throw errorFrom(answer.status, body);
  return body as Example;
}

/** What moves like a segment or an example, nearest first, a page at a time. */
export const hitsQuery = (kind: "segment" | "example", id: number | string | null, filters: Filters) =>
  infiniteQueryOptions({
    queryKey: searchKeys.hits(kind, id, filters),
    queryFn: ({ pageParam, signal }) => {
      const query = {
        k: PAGE,
        cursor: pageParam,
        scope: "project" as const,
        run: filters.runs.length > 0 ? filters.runs : undefined,
        video: filters.video ?? undefined,
        view: filters.view ?? undefined,
        cluster: filters.cluster ?? undefined,
        action: filters.action ?? undefined,
        min_duration_s: filters.minDurationS ?? undefined,
        max_duration_s: filters.maxDurationS ?? undefined,
        min_quality: filters.minQuality ?? undefined,
        date_from: filters.dateFrom ?? undefined,
        date_to: filters.dateTo ?? undefined,
        exclude_same_video: filters.otherVideos || undefined,
      };
      return kind === "segment"
        ? unwrap(api.GET("/api/segments/{id}/similar/", { params: { path: { id: Number(id) }, query }, signal }))
        : unwrap(api.GET("/api/examples/{id}/similar/", { params: { path: { id: String(id) }, query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    enabled: id !== null,
    placeholderData: keepPreviousData,
  });
