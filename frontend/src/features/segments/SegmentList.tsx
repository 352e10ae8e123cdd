import { useEffect, useRef } from "react";
import type { Segment } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { formatSeconds, formatTime } from "../../lib/time";
import "./segments.css";

interface SegmentListProps {
  segments: readonly Segment[];
  selected: number | null;
  onSelect: (segment: Segment) => void;
}

/** Every primitive of the video: what the lane draws, in words and for the keyboard. */
export function SegmentList({ segments, selected, onSelect }: SegmentListProps) {
  const current = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    current.current?.scrollIntoView?.({ block: "nearest" });
  }, [selected]);
  return (
    <ol className="segment-list" aria-label="Primitives of this video">
      {segments.map((segment) => (
        <li key={segment.id}>
          <button
            type="button"
            ref={segment.id === selected ? current : undefined}
            aria-current={segment.id === selected || undefined}
            onClick={() => onSelect(segment)}
          >
            <ClusterSwatch cluster={segment.cluster} />
            <span className="number">{segment.index + 1}</span>
            <span>{formatTime(segment.start_s)}</span>
            <span className="muted push">{formatSeconds(segment.duration_s)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}
