import type { ReactNode } from "react";
import type { Segment } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { formatSeconds, formatTime } from "../../lib/time";
import { formatFigure } from "../../lib/words";
import { CodesStrip } from "./CodesStrip";
import type { Group } from "./group";
import "./segments.css";

interface SegmentFactsProps {
  segment: Segment;
  clusterName: string | null;
  group?: Group;
  /** Where a draft has it now, if that is elsewhere. */
  now?: { start_s: number; end_s: number } | null;
  runNumber?: number | null;
  actions?: ReactNode;
}

/** One primitive: when, how long, how it moves. */
export function SegmentFacts({ segment, clusterName, group, now = null, runNumber, actions }: SegmentFactsProps) {
  const made = runNumber ? `Run ${runNumber}` : `Run ${segment.run}`;
  const { start_s, end_s } = now ?? segment;
  return (
    <section className="segment-facts" aria-label={`Primitive ${segment.index + 1}`}>
      <h2>
        Primitive {segment.index + 1}
        {segment.action ? <span> · {segment.action.name}</span> : <span className="muted"> · {segment.video_title}</span>}{" "}
        {now && <span className="badge">edited</span>}
      </h2>
      <p className="segment-times" title={`${start_s.toFixed(3)} s – ${end_s.toFixed(3)} s${now ? "; your draft" : ""}`}>
        <span>
          {formatTime(start_s)} – {formatTime(end_s)}
        </span>
        <span className="muted">{formatSeconds(end_s - start_s)}</span>
      </p>
      {now && (
        <p className="hint">
          {made} has it at {formatTime(segment.start_s)} – {formatTime(segment.end_s)}.
        </p>
      )}
      <dl className="stats">
        <div className="stat">
          <dt>Cluster</dt>
          <dd className="row">
            <ClusterSwatch cluster={group ? group.colour : segment.cluster} />
            {clusterName ?? (segment.cluster === null ? "none yet" : `Cluster ${segment.cluster + 1}`)}
          </dd>
        </div>
        <div className="stat" title={`${made}: mean of the smoothed energy over the primitive`}>
          <dt>Energy, mean</dt>
          <dd>{formatFigure(segment.energy_mean)}</dd>
        </div>
        <div className="stat" title={`${made}: its highest value`}>
          <dt>peak</dt>
          <dd>{formatFigure(segment.energy_peak)}</dd>
        </div>
        {segment.quality !== null && (
          <div className="stat" title={`${made}: mean of the reviews' quality, 0 to 3`}>
            <dt>Quality</dt>
            <dd>{formatFigure(segment.quality)}</dd>
          </div>
        )}
      </dl>
      <CodesStrip codes={segment.codes} />
      {actions && <div className="row wrap">{actions}</div>}
    </section>
  );
}
