import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Answer } from "./session";

export const QUEUES = ["assigned", "disagreement", "edge", "threshold"] as const;
export type QueueName = (typeof QUEUES)[number];

/** One of the four, or a named set. */
export type Queue = { queue: QueueName } | { set: number };

export const queueKey = (queue: Queue): string => ("set" in queue ? `set:${queue.set}` : queue.queue);

export const reviewKeys = {
  all: ["review"] as const,
  queues: (run: number) => ["review", "queues", run] as const,
  page: (run: number, queue: Queue) => ["review", "page", run, queueKey(queue)] as const,
};

/** How long each queue is, and what can be said of a primitive. */
export const queuesQuery = (run: number) =>
  queryOptions({
    queryKey: reviewKeys.queues(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/review-queues/", { params: { path: { id: run } }, signal })),
    // It is what the sitting began with; the sitting counts on from there.
    staleTime: Infinity,
    gcTime: 0,
  });

export const PAGE = 40;

/** What is next: always the first page, since what has been judged is no longer on it. */
export const pageQuery = (run: number, queue: Queue) =>
  queryOptions({
    queryKey: reviewKeys.page(run, queue),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/review-queue/", { params: { path: { id: run }, query: { ...queue, limit: PAGE } }, signal })),
    staleTime: Infinity,
    gcTime: 0,
  });

export const sendReview = (segment: number, answer: Answer, seconds: number) =>
  unwrap(
    api.PUT("/api/segments/{id}/review/", {
      params: { path: { id: segment } },
      body: {
        quality: answer.quality,
        confidence: answer.confidence,
        action: answer.action,
        start_s: answer.startS,
        end_s: answer.endS,
        comment: answer.comment,
        flagged: answer.flagged,
        skipped: answer.skipped,
        seconds: Math.min(86_400, Math.round(seconds * 100) / 100),
      },
    }),
  );
