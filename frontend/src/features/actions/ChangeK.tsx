import { useId, useState, type MouseEvent, type PointerEvent } from "react";
import { Popover } from "../../components/Popover";
import { Icon } from "../../components/Icon";
import { formatFigure } from "../../lib/words";

interface ChangeKProps {
  now: number;
  /** [k, silhouette, Calinski–Harabasz] in order of k; the third is missing in older runs. */
  curve: number[][];
  /** The run that was measured, where it is not this one. */
  curveOf?: number;
  /** Mean adjusted Rand index under resampling, of this run’s k. */
  stability: number | null;
  busy: boolean;
  onChange: (k: number) => void;
}

const [WIDTH, HEIGHT, LEFT, RIGHT] = [320, 84, 8, 8];
const [TOP, BOTTOM] = [18, 8];
const MEASURES = [
  { name: "silhouette", at: 1, hint: "Mean over the primitives, from −1 to 1; higher is better" },
  { name: "Calinski–Harabasz", at: 2, hint: "Variance between the clusters over that within; higher is better" },
];

/** How well each k separates, and another k for a new run: the choice stays the team's. */
export function ChangeK({ onChange, ...rest }: ChangeKProps) {
  const { now } = rest;
  return (
    <Popover label={`k = ${now}: change`} className="button" panelClassName="k-popover" trigger={<>k = {now} <Icon name="chevron" size={12} /></>}>
      {(close) => <ChooseK {...rest} onChange={(k) => (close(), onChange(k))} />}
    </Popover>
  );
}

function ChooseK({ now, curve, curveOf, stability, busy, onChange }: ChangeKProps) {
  const [k, setK] = useState(String(now));
  const id = useId();
  const wanted = Number(k);
  const sound = Number.isInteger(wanted) && wanted >= 1 && wanted <= 500 && wanted !== now;
  return (
    <form
      className="choose-k"
      onSubmit={(event) => {
        event.preventDefault();
        if (sound) onChange(wanted);
      }}
    >
      {curve.length > 1 ? (
        <Curves curve={curve} now={now} wanted={wanted} stability={stability} onChoose={(value) => setK(String(value))} />
      ) : (
        <p className="hint">This run’s k was given, so others were not measured.</p>
      )}
      {curve.length > 1 && curveOf !== undefined && <p className="hint">Measured by run {curveOf}, on the same primitives.</p>}
      <div className="row">
        <label htmlFor={id}>Clusters</label>
        <input id={id} className="input k-field" type="number" min={1} max={500} value={k} onChange={(event) => setK(event.target.value)} />
        <button type="submit" className="button primary" disabled={!sound || busy}>
          Cluster again
        </button>
      </div>
      <p className="hint">A new run, which reuses everything up to the embeddings. This one stays as it is.</p>
    </form>
  );
}

interface CurvesProps {
  curve: number[][];
  now: number;
  wanted: number;
  stability: number | null;
  onChoose: (k: number) => void;
}

/** One plot a measure, each on its own scale, over the same k. The arrow keys go from k to k. */
function Curves({ curve, now, wanted, stability, onChoose }: CurvesProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const ks = curve.map(([k = 0]) => k);
  const [kMin, kMax] = [ks[0]!, ks[ks.length - 1]!];
  const x = (k: number) => LEFT + ((k - kMin) / Math.max(1, kMax - kMin)) * (WIDTH - LEFT - RIGHT);
  const measures = MEASURES.filter(({ at }) => curve.every((row) => Number.isFinite(row[at])));
  const shown = pointed ?? (ks.includes(wanted) ? wanted : ks.includes(now) ? now : kMin);
  const row = curve.find(([k]) => k === shown)!;
  const words = [
    `k = ${shown}`,
    ...measures.map(({ name, at }) => `${name} ${formatFigure(row[at])}`),
    ...(shown === now && stability !== null ? [`stability ${formatFigure(stability)}`] : []),
  ].join(" · ");
  const nearest = (event: PointerEvent<SVGElement> | MouseEvent<SVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = ((event.clientX - box.left) / Math.max(1, box.width)) * WIDTH;
    return ks.reduce((a, b) => (Math.abs(x(b) - at) < Math.abs(x(a) - at) ? b : a));
  };
  const step = (by: number) => onChoose(ks[Math.min(ks.length - 1, Math.max(0, ks.indexOf(shown) + by))]!);
  return (
    <div
      className="k-plots"
      role="slider"
      tabIndex={0}
      aria-label="k"
      aria-valuemin={kMin}
      aria-valuemax={kMax}
      aria-valuenow={shown}
      aria-valuetext={`${words}${shown === now ? ", this run" : ""}`}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -Infinity, End: Infinity }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        setPointed(null);
        step(by);
      }}
    >
      {measures.map(({ name, at, hint }) => {
        const values = curve.map((one) => one[at]!);
        const [low, high] = [Math.min(...values), Math.max(...values)];
        const y = (value: number) => HEIGHT - BOTTOM - ((value - low) / Math.max(1e-9, high - low)) * (HEIGHT - TOP - BOTTOM);
        return (
          <svg
            key={name}
            className="k-plot"
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            aria-hidden="true"
            onPointerMove={(event) => setPointed(nearest(event))}
            onPointerLeave={() => setPointed(null)}
            onClick={(event) => onChoose(nearest(event))}
          >
            <title>{hint}</title>
            <text x={LEFT} y={11} className="tick">
              {name}
            </text>
            <text x={WIDTH - RIGHT} y={11} className="tick" textAnchor="end">
              {formatFigure(low)} … {formatFigure(high)}
            </text>
            <line x1={x(shown)} x2={x(shown)} y1={TOP - 4} y2={HEIGHT} stroke="var(--line-strong)" />
            {ks.includes(now) && <line x1={x(now)} x2={x(now)} y1={TOP - 4} y2={HEIGHT} stroke="var(--accent)" strokeDasharray="3 3" />}
            <polyline points={curve.map((one) => `${x(one[0]!)},${y(one[at]!)}`).join(" ")} fill="none" stroke="var(--muted)" strokeWidth="1.5" />
            {curve.map((one) => {
              const k = one[0]!;
              return <circle key={k} cx={x(k)} cy={y(one[at]!)} r={k === now || k === shown ? 4 : 2} fill={k === now ? "var(--accent)" : k === shown ? "var(--text)" : "var(--muted)"} />;
            })}
          </svg>
        );
      })}
      <p className="k-ends small muted" aria-hidden="true">
        <span>{kMin}</span>
        <span>{words}</span>
        <span>{kMax}</span>
      </p>
      <p className="hint" aria-hidden="true">
        {ks.includes(now) ? `The dashed line is this run’s k = ${now}.` : `This run has k = ${now}, which was not measured.`}
      </p>
    </div>
  );
}
