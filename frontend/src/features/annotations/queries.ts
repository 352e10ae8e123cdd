import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const annotationKeys = {
  ofVideo: (video: number) => ["annotations", "video", video] as const,
};

/** What people say happens in a video, its own truth first. */
export const annotationsQuery = (video: number) =>
  queryOptions({
    queryKey: annotationKeys.ofVideo(video),
    queryFn: ({ signal }) => unwrap(api.GET("/api/videos/{id}/annotations/", { params: { path: { id: video } }, signal })),
  });
