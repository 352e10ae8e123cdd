import { useState } from "react";
import { Link } from "react-router";
import type { Cluster } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { CoherenceStrip } from "../../components/CoherenceStrip";
import { LoopingClip } from "../../components/LoopingClip";
import { formatSeconds } from "../../lib/time";
import { encoderName, encoderWords, formatFigure, formatShare, plural } from "../../lib/words";
import { SparkHistogram } from "./SparkHistogram";

interface ClusterCardProps {
  cluster: Cluster;
  to: string;
  onPoint: (index: number | null) => void;
}

/** A cluster by its most central primitive; the next central ones are a press away. */
export function ClusterCard({ cluster, to, onPoint }: ClusterCardProps) {
  const [shown, setShown] = useState(0);
  const medoid = cluster.medoids[shown] ?? cluster.medoids[0];
  return (
    <li className="cluster-card panel" onPointerEnter={() => onPoint(cluster.index)} onPointerLeave={() => onPoint(null)}>
      <LoopingClip src={medoid?.clip_url ?? null} poster={medoid?.poster_url ?? null} label={`A typical primitive of ${cluster.name}`} />
      <span className="medoids" role="group" aria-label={`Typical primitives of ${cluster.name}`}>
        {cluster.medoids.length > 1 &&
          cluster.medoids.map((segment, i) => (
            <button
              key={segment.id}
              type="button"
              aria-label={`Show typical primitive ${i + 1}`}
              aria-pressed={i === shown}
              onClick={() => setShown(i)}
            />
          ))}
      </span>
      <div className="words">
        <h3 className="row">
          <ClusterSwatch cluster={cluster.index} />
          <Link to={to}>{cluster.name}</Link>
          <span className="push muted">{formatShare(cluster.share)}</span>
        </h3>
        <p className="facts">
          <span>{plural(cluster.size, "primitive")}</span>
          <span>{plural(cluster.n_videos, "video")}</span>
          <span title="Mean silhouette of its primitives, from −1 to 1">silhouette {formatFigure(cluster.silhouette, 2)}</span>
        </p>
        <CardCoherence cluster={cluster} />
        <div className="durations">
          <span className="small muted">{formatSeconds(cluster.mean_duration_s)}</span>
          <SparkHistogram
            counts={cluster.durations_histogram}
            label={`Durations, mean ${formatSeconds(cluster.mean_duration_s)}, as a histogram of ${cluster.durations_histogram.length} bins`}
          />
        </div>
      </div>
    </li>
  );
}

/** How alike its primitives look, by the encoder the run prefers of those that were used; nothing before that is measured. */
function CardCoherence({ cluster }: { cluster: Cluster }) {
  const made = cluster.coherence[0];
  if (!made) return null;
  const words = `Coherence by ${encoderWords(made)}, n = ${made.n_segments}`;
  if (made.icss === null)
    return (
      <p className="facts" title={words}>
        coherence –: one primitive has nothing to be compared with
      </p>
    );
  return (
    <div className="card-coherence" title={`${words}, ${made.n_pairs} pairs; random pairs of the run ${formatFigure(made.random_icss)}`}>
      <p className="facts">
        <span>coherence {made.icss.toFixed(3)}</span>
        {made.random_icss !== null && <span>random {made.random_icss.toFixed(3)}</span>}
        <span>{encoderName(made.encoder)}</span>
      </p>
      <CoherenceStrip value={made.icss} low={made.low} high={made.high} baseline={made.random_icss} cluster={cluster.index} from={0} />
    </div>
  );
}
