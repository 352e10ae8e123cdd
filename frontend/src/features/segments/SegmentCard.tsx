import { Link } from "react-router";
import type { Segment } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { LoopingClip } from "../../components/LoopingClip";
import { formatSeconds, formatTime } from "../../lib/time";
import "./segments.css";

interface SegmentCardProps {
  segment: Segment;
  /** Where the whole card leads. */
  to: string;
  /** Where "open in video" leads, if the card itself leads elsewhere. */
  videoTo?: string;
  distance?: number;
  current?: boolean;
}

export function SegmentCard({ segment, to, videoTo, distance, current = false }: SegmentCardProps) {
  const name = `Primitive ${segment.index + 1} of ${segment.video_title}`;
  return (
    <li className={current ? "segment-card current" : "segment-card"}>
      <Link to={to} aria-label={`${name}, ${formatSeconds(segment.duration_s)}${distance === undefined ? "" : `, distance ${distance.toFixed(3)}`}`} aria-current={current || undefined}>
        <LoopingClip src={segment.clip_url} poster={segment.poster_url} label={name} />
        <span className="caption">
          <ClusterSwatch cluster={segment.cluster} />
          <span>{formatSeconds(segment.duration_s)}</span>
          {distance !== undefined && (
            <span className="push muted" title="Cosine distance: 0 is the same movement">
              {distance.toFixed(3)}
            </span>
          )}
        </span>
      </Link>
      <span className="where small muted">
        <span className="clip-text">
          {formatTime(segment.start_s)} · {segment.video_title}
        </span>
        {videoTo && (
          <Link to={videoTo} aria-label={`Open in video: ${name}`}>
            open
          </Link>
        )}
      </span>
    </li>
  );
}
