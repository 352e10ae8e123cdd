import type { ClusterCoherence } from "../../api/types";
import { clusterColour } from "../../lib/palette";

interface SilhouetteScatterProps {
  clusters: readonly ClusterCoherence[];
  baseline: number;
  name: string;
}

const WIDTH = 460;
const HEIGHT = 240;
const LEFT = 44;
const BOTTOM = 34;
const TOP = 10;
const RIGHT = 80; // the baseline’s name

/** Whether what moves alike also looks alike: a dot a cluster, as large as it has primitives. */
export function SilhouetteScatter({ clusters, baseline, name }: SilhouetteScatterProps) {
  const points = clusters.flatMap(({ icss, silhouette, ...one }) => (icss === null || silhouette === null ? [] : [{ ...one, icss, silhouette }]));
  if (points.length < 2) return null;
  const [xs, ys] = [range(points.map((p) => p.silhouette)), range([...points.map((p) => p.icss), baseline], 1)];
  const x = (value: number) => LEFT + ((value - xs[0]) / (xs[1] - xs[0])) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - ((value - ys[0]) / (ys[1] - ys[0])) * (HEIGHT - BOTTOM - TOP);
  const most = Math.max(...points.map((p) => p.n_segments));
  const above = points.filter((p) => p.icss > baseline).length;
  return (
    <figure className="silhouette-scatter">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`Coherence by ${name} over silhouette of ${points.length} clusters; ${above} of them lie above random pairs`}
      >
        {[ys[0], (ys[0] + ys[1]) / 2, ys[1]].map((tick) => (
          <g key={tick}>
            <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} stroke="var(--line)" />
            <text x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
              {tick.toFixed(2)}
            </text>
          </g>
        ))}
        {[xs[0], (xs[0] + xs[1]) / 2, xs[1]].map((tick, i) => (
          <text key={tick} x={x(tick)} y={HEIGHT - BOTTOM + 14} textAnchor={i === 0 ? "start" : i === 1 ? "middle" : "end"}>
            {tick.toFixed(2)}
          </text>
        ))}
        <text x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 4} textAnchor="middle">
          silhouette (moves alike)
        </text>
        <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(baseline)} y2={y(baseline)} stroke="var(--muted)" strokeDasharray="4 4" />
        {points.map((p) => (
          <g key={p.index}>
            <circle
              cx={x(p.silhouette)}
              cy={y(p.icss)}
              r={4 + 6 * Math.sqrt(p.n_segments / most)}
              fill={clusterColour(p.index)}
              stroke="var(--surface)"
            >
              <title>{`${p.name}: coherence ${p.icss.toFixed(3)}, silhouette ${p.silhouette.toFixed(3)}, n = ${p.n_segments}`}</title>
            </circle>
            <text className="number" x={x(p.silhouette) + 5 + 6 * Math.sqrt(p.n_segments / most)} y={y(p.icss) - 4}>
              {p.index + 1}
            </text>
          </g>
        ))}
        <text x={WIDTH - RIGHT + 8} y={y(baseline) + 4}>
          random pairs
        </text>
      </svg>
      <figcaption className="hint">Coherence (looks alike) over silhouette (moves alike), a dot a cluster, larger with more primitives.</figcaption>
    </figure>
  );
}

/** From a round number below to one above, but not beyond what the values can be. */
function range(values: readonly number[], most = Infinity): [number, number] {
  const low = Math.floor(Math.min(...values) * 20 - 0.2) / 20;
  const high = Math.min(most, Math.ceil(Math.max(...values) * 20 + 0.2) / 20);
  return [low, high > low ? high : low + 0.05];
}
