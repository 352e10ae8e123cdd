import { useQueries, useQuery } from "@tanstack/react-query";
import type { VideoDetail } from "../../../api/types";
import { Failed, Skeleton } from "../../../components/PanelState";
import { Picture } from "../../../components/player/Picture";
import type { Player } from "../../../components/player/usePlayer";
import { projectQuery } from "../../../features/projects/queries";
import { OtherView } from "../../../features/recordings/OtherView";
import { videoQuery, videosQuery } from "../../../features/videos/queries";
import type { PlaybackClock } from "../../../lib/clock";

interface StageProps {
  video: VideoDetail;
  source: string;
  player: Player;
  clock: PlaybackClock;
  /** Whose energies suggest offsets. */
  run: number | null;
}

const MOST_VIEWS = 4;

/** Where the picture stands. Other views of the same recording stand beside it, in step with the clock. */
export function Stage({ video, source, player, clock, run }: StageProps) {
  const project = useQuery(projectQuery(video.project));
  const mayManage = project.data?.role === "manager" || project.data?.role === "owner";
  const videos = useQuery({ ...videosQuery(video.project), enabled: video.recording !== "" });
  const others = (videos.data ?? [])
    .filter((other) => video.recording !== "" && other.recording === video.recording && other.id !== video.id)
    .sort((a, b) => a.view.localeCompare(b.view) || a.id - b.id)
    .slice(0, MOST_VIEWS - 1);
  const details = useQueries({ queries: others.map((other) => videoQuery(other.id)) });

  return (
    <div className={`stage-pictures views-${others.length + 1}`}>
      <Picture source={source} poster={video.poster_url} attach={player.attach} title={video.title} onToggle={player.toggle} />
      {others.map((other, index) => {
        const detail = details[index]!;
        if (detail.data)
          return (
            <OtherView
              key={other.id}
              video={detail.data}
              leader={video}
              element={player.element}
              clock={clock}
              run={run}
              mayManage={mayManage}
              onToggle={player.toggle}
            />
          );
        return detail.isError ? (
          <Failed
            key={other.id}
            small
            what={`The view ${other.view || other.title} could not be read`}
            error={detail.error}
            onRetry={() => void detail.refetch()}
          />
        ) : (
          <Skeleton key={other.id} label={`Loading the view ${other.view || other.title}…`} height={160} />
        );
      })}
    </div>
  );
}
