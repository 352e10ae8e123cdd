import { useId, useState } from "react";
import { Popover } from "../../components/Popover";
import { Icon } from "../../components/Icon";

interface ChangeKProps {
  now: number;
  /** [k, silhouette] in order of k. */
  curve: number[][];
  busy: boolean;
  onChange: (k: number) => void;
}

const [WIDTH, HEIGHT, PAD] = [320, 132, 26];

/** Silhouette over k, and another k for a new run: the choice stays the team's. */
export function ChangeK({ now, curve, busy, onChange }: ChangeKProps) {
  return (
    <Popover label={`k = ${now}: change`} className="button" panelClassName="k-popover" trigger={<>k = {now} <Icon name="chevron" size={12} /></>}>
      {(close) => <ChooseK now={now} curve={curve} busy={busy} onChange={(k) => (close(), onChange(k))} />}
    </Popover>
  );
}

function ChooseK({ now, curve, busy, onChange }: ChangeKProps) {
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
      {curve.length > 1 && <Curve curve={curve} now={now} wanted={wanted} onChoose={(value) => setK(String(value))} />}
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

function Curve({ curve, now, wanted, onChoose }: { curve: number[][]; now: number; wanted: number; onChoose: (k: number) => void }) {
  const points = curve.map(([k = 0, silhouette = 0]) => ({ k, silhouette }));
  const [kMin, kMax] = [points[0]!.k, points[points.length - 1]!.k];
  const values = points.map(({ silhouette }) => silhouette);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (k: number) => PAD + 8 + ((k - kMin) / Math.max(1, kMax - kMin)) * (WIDTH - PAD - 20);
  const y = (value: number) => HEIGHT - PAD - ((value - low) / Math.max(1e-9, high - low)) * (HEIGHT - PAD - 14);
  const best = points.reduce((a, b) => (b.silhouette > a.silhouette ? b : a));
  return (
    <svg className="k-plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Silhouette for k from ${kMin} to ${kMax}, best ${best.silhouette.toFixed(3)} at k = ${best.k}; this run has k = ${now}.`}>
      <line x1={PAD} x2={WIDTH - 8} y1={HEIGHT - PAD + 6} y2={HEIGHT - PAD + 6} stroke="var(--line-strong)" />
      <text x={PAD} y={10} className="tick">
        silhouette {high.toFixed(2)}
      </text>
      <text x={x(kMin)} y={HEIGHT - 4} className="tick" textAnchor="middle">
        k = {kMin}
      </text>
      <text x={x(kMax)} y={HEIGHT - 4} className="tick" textAnchor="middle">
        {kMax}
      </text>
      <polyline points={points.map((one) => `${x(one.k)},${y(one.silhouette)}`).join(" ")} fill="none" stroke="var(--muted)" strokeWidth="1.5" />
      {points.map((one) => (
        // The field below is the keyboard's way.
        <g key={one.k} onClick={() => onChoose(one.k)} className="k-point">
          <circle cx={x(one.k)} cy={y(one.silhouette)} r={10} fill="transparent" />
          <circle
            cx={x(one.k)}
            cy={y(one.silhouette)}
            r={one.k === wanted || one.k === now ? 4.5 : 2.5}
            fill={one.k === wanted ? "var(--accent)" : one.k === now ? "var(--text)" : "var(--muted)"}
          />
          <title>{`k = ${one.k}: silhouette ${one.silhouette.toFixed(3)}`}</title>
        </g>
      ))}
    </svg>
  );
}
