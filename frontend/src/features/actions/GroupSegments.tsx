import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Segment } from "../../api/types";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { LoopingClip } from "../../components/LoopingClip";
import { formatSeconds, formatTime } from "../../lib/time";
import { segmentsOfGroupQuery } from "./queries";

interface GroupSegmentsProps {
  run: number;
  group: string;
  selected: Pick<ReadonlySet<number>, "has"> | null;
  onToggle: (segment: number, select: boolean) => void;
  linkTo: (segment: Segment) => string;
  videoLinkTo: (segment: Segment) => string;
}

/** The primitives of a group as loops, each with a box that puts it into the selection. */
export function GroupSegments({ run, group, selected, onToggle, linkTo, videoLinkTo }: GroupSegmentsProps) {
  const segments = useInfiniteQuery(segmentsOfGroupQuery(run, group));
  if (segments.isPending) return <Skeleton label="Loading primitives…" className="segment-grid" height={120} rows={8} />;
  if (segments.isError) return <Failed what="The primitives could not be read" error={segments.error} onRetry={() => void segments.refetch()} />;
  const all = segments.data.pages.flatMap((page) => page.results);
  if (all.length === 0)
    return (
      <Empty small title="No primitives here">
        They have been moved to another action, or the run is still writing them.
      </Empty>
    );
  return (
    <>
      <ul className="segment-grid">
        {all.map((segment) => {
          const name = `Primitive ${segment.index + 1} of ${segment.video_title}`;
          const chosen = selected?.has(segment.id) ?? false;
          return (
            <li key={segment.id} className={chosen ? "segment-card chosen" : "segment-card"}>
              <Link to={linkTo(segment)} aria-label={`${name}, ${formatSeconds(segment.duration_s)}`}>
                <LoopingClip src={segment.clip_url} poster={segment.poster_url} label={name} />
              </Link>
              <label className="caption choose">
                <input type="checkbox" checked={chosen} onChange={(event) => onToggle(segment.id, event.target.checked)} aria-label={`Select ${name}`} />
                <span>{formatSeconds(segment.duration_s)}</span>
              </label>
              <span className="where small muted">
                <span className="clip-text">
                  {formatTime(segment.start_s)} · {segment.video_title}
                </span>
                <Link to={videoLinkTo(segment)} aria-label={`Open in video: ${name}`}>
                  open
                </Link>
              </span>
            </li>
          );
        })}
      </ul>
      {segments.hasNextPage && (
        <button type="button" className="button more" disabled={segments.isFetchingNextPage} onClick={() => void segments.fetchNextPage()}>
          {segments.isFetchingNextPage ? "Loading…" : "Show more"}
        </button>
      )}
    </>
  );
}
