import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const commentKeys = {
  all: ["comments"] as const,
  ofVideo: (video: number) => ["comments", "video", video] as const,
  ofSegments: ["comments", "segment"] as const,
  ofSegment: (segment: number) => ["comments", "segment", segment] as const,
  people: (project: number) => ["comments", "people", project] as const,
  mentions: ["comments", "mentions"] as const,
};

/** Where a comment is written: at a moment of a video, or about a primitive. */
export type About = { video: number } | AboutSegment;
/** `blind`: what others wrote only once one has judged it, whatever one's role. */
interface AboutSegment {
  segment: number;
  blind?: boolean;
}

export const aboutKey = (about: About) => ("video" in about ? commentKeys.ofVideo(about.video) : [...commentKeys.ofSegment(about.segment), about.blind ?? false]);

export const commentsQuery = (about: About) =>
  queryOptions({
    queryKey: aboutKey(about),
    queryFn: ({ signal }) =>
      "video" in about
        ? unwrap(api.GET("/api/videos/{id}/comments/", { params: { path: { id: about.video } }, signal }))
        : unwrap(api.GET("/api/segments/{id}/comments/", { params: { path: { id: about.segment }, query: { blind: about.blind } }, signal })),
  });

/** Whom a comment can name. */
export const peopleQuery = (project: number) =>
  queryOptions({
    queryKey: commentKeys.people(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/people/", { params: { path: { id: project } }, signal })),
    staleTime: 5 * 60_000,
  });

/** Of whoever is signed in, over all their projects. Another project's are not told of, so it asks from time to time. */
export const mentionsQuery = queryOptions({
  queryKey: commentKeys.mentions,
  queryFn: ({ signal }) => unwrap(api.GET("/api/mentions/", { signal })),
  refetchInterval: 60_000,
});
