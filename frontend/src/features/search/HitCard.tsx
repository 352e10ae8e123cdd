import { Link } from "react-router";
import type { Segment } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { LoopingClip } from "../../components/LoopingClip";
import { formatSeconds, formatTime } from "../../lib/time";

interface HitCardProps {
  segment: Segment;
  distance: number;
  /** "run 3"; null where all are of one run. */
  run: string | null;
  videoTo: string;
  mapTo: string;
  likeTo: string;
}

/** What was found: the loop leads to its place in the video. */
export function HitCard({ segment, distance, run, videoTo, mapTo, likeTo }: HitCardProps) {
  const group = segment.action?.name ?? (segment.cluster === null ? "no cluster" : `Cluster ${segment.cluster + 1}`);
  const name = `Primitive ${segment.index + 1} of ${segment.video_title}`;
  return (
    <li className="hit-card">
      <Link to={videoTo} title="Open in video">
        <LoopingClip src={segment.clip_url} poster={segment.poster_url} label={name} />
        <span className="caption">
          <ClusterSwatch cluster={segment.action?.colour ?? segment.cluster} />
          <span className="clip-text">{group}</span>
          <span className="push muted" title="Cosine distance: 0 is the same movement">
            <span className="visually-hidden">distance </span>
            {distance.toFixed(3)}
          </span>
        </span>
      </Link>
      <span className="small muted clip-text">
        {formatTime(segment.start_s)} · {formatSeconds(segment.duration_s)}
        {run && ` · ${run}`}
      </span>
      <span className="small muted clip-text" title={segment.video_title}>
        {segment.video_title}
      </span>
      <span className="hit-links small">
        <Link to={likeTo} aria-label={`More like this: ${name}`}>
          more like this
        </Link>
        <Link to={mapTo} aria-label={`Open in map: ${name}`}>
          map
        </Link>
      </span>
    </li>
  );
}
