import { useEffect, useRef } from "react";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { formatSeconds, formatTime } from "../../lib/time";
import "./segments.css";

export interface SegmentRow {
  start_s: number;
  end_s: number;
  /** Its place in the palette. */
  colour: number | null;
  /** What it counts as, in words. */
  name: string | null;
  /** Not as the run has it. */
  changed?: boolean;
}

interface SegmentListProps {
  rows: readonly SegmentRow[];
  /** Position in `rows`, or -1. */
  selected: number;
  onSelect: (index: number) => void;
}

/** Every primitive of the video: what the lane draws, in words and for the keyboard. */
export function SegmentList({ rows, selected, onSelect }: SegmentListProps) {
  const current = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    current.current?.scrollIntoView?.({ block: "nearest" });
  }, [selected]);
  return (
    <ol className="segment-list" aria-label="Primitives of this video">
      {rows.map((row, index) => (
        <li key={index}>
          <button
            type="button"
            ref={index === selected ? current : undefined}
            aria-current={index === selected || undefined}
            title={`${row.start_s.toFixed(3)} s – ${row.end_s.toFixed(3)} s`}
            onClick={() => onSelect(index)}
          >
            <ClusterSwatch cluster={row.colour} />
            <span className="number">{index + 1}</span>
            <span>{formatTime(row.start_s)}</span>
            <span className="muted clip-text">{row.changed ? "edited" : row.name}</span>
            <span className="muted push">{formatSeconds(row.end_s - row.start_s)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}
