import { BIN_EDGES_S } from "./figures";

interface DurationHistogramProps {
  /** How many in each bin: as it would be, and as the run has it. */
  now: readonly number[];
  own: readonly number[];
  title: string;
}

const HEIGHT = 44;

/** Durations as bars, the run's own as a line of steps over them. */
export function DurationHistogram({ now, own, title }: DurationHistogramProps) {
  const most = Math.max(1, ...now, ...own);
  const y = (count: number) => HEIGHT - (count / most) * (HEIGHT - 2);
  const steps = own.map((count, i) => `${i === 0 ? "M" : "L"}${i} ${y(count)}H${i + 1}`).join("");
  return (
    <figure className="duration-plot" title={title}>
      <svg viewBox={`0 0 ${now.length} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${title}: ${words(now)}`}>
        {now.map((count, i) => (
          <rect key={i} x={i + 0.06} width={0.88} y={y(count)} height={HEIGHT - y(count)} fill="var(--energy)" opacity={0.75} />
        ))}
        <path d={steps} fill="none" stroke="var(--text)" strokeWidth={1.25} vectorEffect="non-scaling-stroke" />
      </svg>
      <figcaption aria-hidden="true">
        {[0.2, 1, 5, 25].map((seconds) => (
          <span key={seconds} style={{ left: `${(BIN_EDGES_S.indexOf(seconds) / now.length) * 100}%` }}>
            {seconds} s
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function words(counts: readonly number[]): string {
  const parts = counts.flatMap((count, i) => (count > 0 ? [`${count} from ${BIN_EDGES_S[i]} s`] : []));
  return parts.join(", ") || "none";
}
