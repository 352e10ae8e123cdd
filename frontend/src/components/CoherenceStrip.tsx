import { clusterColour } from "../lib/palette";

interface CoherenceStripProps {
  value: number;
  low: number | null;
  high: number | null;
  baseline: number | null;
  /** null: of all clusters together. */
  cluster: number | null;
  /** Where the axis begins; it ends at 1. */
  from: number;
}

/** A mean similarity as a dot with its interval, against the tick of random pairs. Drawn beside the same in figures. */
export function CoherenceStrip({ value, low, high, baseline, cluster, from }: CoherenceStripProps) {
  const at = (x: number) => `${(100 * Math.min(1, Math.max(0, (x - from) / (1 - from)))).toFixed(2)}%`;
  const colour = cluster === null ? "var(--text)" : clusterColour(cluster);
  return (
    <svg className="coherence-strip" aria-hidden="true" overflow="visible">
      <line x1="0" x2="100%" y1="8" y2="8" stroke="var(--line)" strokeWidth="2" />
      {baseline !== null && <line x1={at(baseline)} x2={at(value)} y1="8" y2="8" stroke="var(--line-strong)" strokeWidth="2" />}
      {baseline !== null && <line x1={at(baseline)} x2={at(baseline)} y1="1" y2="15" stroke="var(--muted)" strokeWidth="2" />}
      {low !== null && high !== null && <line x1={at(low)} x2={at(high)} y1="8" y2="8" stroke={colour} strokeWidth="6" opacity="0.45" />}
      <circle cx={at(value)} cy="8" r="4" fill={colour} stroke="var(--surface)" strokeWidth="1" />
    </svg>
  );
}
