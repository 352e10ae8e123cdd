interface SuggestedKProps {
  /** [k, silhouette] in order of k. */
  curve: number[][];
  chosen: number;
  asked: boolean;
}

const WIDTH = 260;
const HEIGHT = 64;
const PAD = 8;

/** Silhouette over k. The choice stays the team's; the mark is where this run stands. */
export function SuggestedK({ curve, chosen, asked }: SuggestedKProps) {
  const points = curve.map(([k = 0, silhouette = 0]) => ({ k, silhouette }));
  const ks = points.map(({ k }) => k);
  const values = points.map(({ silhouette }) => silhouette);
  const [kMin, kMax] = [Math.min(...ks), Math.max(...ks)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (k: number) => PAD + ((k - kMin) / Math.max(1, kMax - kMin)) * (WIDTH - 2 * PAD);
  const y = (value: number) => HEIGHT - PAD - ((value - low) / Math.max(1e-9, high - low)) * (HEIGHT - 2 * PAD);
  const here = points.find(({ k }) => k === chosen);
  const best = points.reduce((a, b) => (b.silhouette > a.silhouette ? b : a));
  const summary = `Silhouette for k from ${kMin} to ${kMax}: best ${best.silhouette.toFixed(3)} at k = ${best.k}${here && here.k !== best.k ? `, ${here.silhouette.toFixed(3)} at the ${asked ? "asked" : "chosen"} k = ${here.k}` : ""}.`;
  return (
    <figure className="k-curve">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary}>
        <polyline points={points.map(({ k, silhouette }) => `${x(k)},${y(silhouette)}`).join(" ")} fill="none" stroke="var(--muted)" strokeWidth="1.5" />
        {points.map(({ k, silhouette }) => (
          <circle key={k} cx={x(k)} cy={y(silhouette)} r={k === chosen ? 4.5 : 2} fill={k === chosen ? "var(--accent)" : "var(--muted)"}>
            <title>{`k = ${k}: silhouette ${silhouette.toFixed(3)}`}</title>
          </circle>
        ))}
      </svg>
      <figcaption className="hint">
        Silhouette over k = {kMin}…{kMax}; {here ? `this run has k = ${here.k}` : `best at k = ${best.k}`}
        {here && (asked ? ", as asked" : ", suggested")}.
      </figcaption>
    </figure>
  );
}
