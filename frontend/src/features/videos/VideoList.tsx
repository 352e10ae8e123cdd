import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { videosQuery } from "./queries";
import { VideoRow } from "./VideoRow";
import "./videos.css";

interface VideoListProps {
  project: number;
  mayRemove: boolean;
  activityOf?: (video: number) => ReactNode;
  /** Shown where there are none yet. */
  step?: ReactNode;
}

export function VideoList({ project, mayRemove, activityOf, step }: VideoListProps) {
  const videos = useQuery(videosQuery(project));

  if (videos.isPending) return <Skeleton label="Loading videos…" height={88} rows={4} gap={1} />;
  if (videos.isError)
    return <Failed what="The videos could not be read" error={videos.error} onRetry={() => void videos.refetch()} />;
  if (videos.data.length === 0)
    return (
      <Empty title="No videos yet" icon="videos" actions={step}>
        Drop recordings of the workstation anywhere on this page. MP4, MOV, MKV, AVI and WebM are read as they are; uploads
        go on where they stopped.
      </Empty>
    );
  return (
    <ul className="video-list panel" aria-label="Videos">
      {videos.data.map((video) => (
        <VideoRow key={video.id} video={video} mayRemove={mayRemove} activity={activityOf?.(video.id)} />
      ))}
    </ul>
  );
}
