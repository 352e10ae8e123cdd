interface AlphaStripProps {
  value: number;
  low: number | null;
  high: number | null;
  /** Where the axis begins and ends, and what is ticked on it. */
  from: number;
  to: number;
  ticks: readonly number[];
}

/** A figure as a dot with its interval on an axis. Drawn beside the same in figures. */
export function AlphaStrip({ value, low, high, from, to, ticks }: AlphaStripProps) {
  const at = (x: number) => `${(100 * Math.min(1, Math.max(0, (x - from) / (to - from)))).toFixed(2)}%`;
  return (
    <svg className="coherence-strip" aria-hidden="true" overflow="visible">
      <line x1="0" x2="100%" y1="8" y2="8" stroke="var(--line)" strokeWidth="2" />
      {ticks.map((tick) => (
        <line key={tick} x1={at(tick)} x2={at(tick)} y1="2" y2="14" stroke="var(--line-strong)" strokeWidth="1" />
      ))}
      {low !== null && high !== null && <line x1={at(low)} x2={at(high)} y1="8" y2="8" stroke="var(--text)" strokeWidth="6" opacity="0.35" />}
      <circle cx={at(value)} cy="8" r="4" fill="var(--text)" stroke="var(--surface)" strokeWidth="1" />
    </svg>
  );
}
