import type { ReactNode } from "react";
import type { Segment } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { formatSeconds, formatTime } from "../../lib/time";
import { formatFigure } from "../../lib/words";
import { CodesStrip } from "./CodesStrip";
import "./segments.css";

interface SegmentFactsProps {
  segment: Segment;
  clusterName: string | null;
  runNumber?: number | null;
  actions?: ReactNode;
}

/** One primitive: when, how long, how it moves. */
export function SegmentFacts({ segment, clusterName, runNumber, actions }: SegmentFactsProps) {
  const made = runNumber ? `Run ${runNumber}` : `Run ${segment.run}`;
  return (
    <section className="segment-facts" aria-label={`Primitive ${segment.index + 1}`}>
      <h2>
        Primitive {segment.index + 1}
        <span className="muted"> · {segment.video_title}</span>
      </h2>
      <p className="segment-times">
        <span>
          {formatTime(segment.start_s)} – {formatTime(segment.end_s)}
        </span>
        <span className="muted">{formatSeconds(segment.duration_s)}</span>
      </p>
      <dl className="stats">
        <div className="stat">
          <dt>Cluster</dt>
          <dd className="row">
            <ClusterSwatch cluster={segment.cluster} />
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
      </dl>
      <CodesStrip codes={segment.codes} />
      {actions && <div className="row wrap">{actions}</div>}
    </section>
  );
}
