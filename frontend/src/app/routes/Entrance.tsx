import type { ReactNode } from "react";
import { ConnectionBanner } from "../ConnectionBanner";
import { Mark } from "../Shell";
import "../shell.css";
import "./routes.css";

/** The card that stands before the door: signing in, being invited, choosing a new password. */
export function Entrance({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="sign-in">
      <ConnectionBanner />
      <div className="sign-in-card">
        <div className="row">
          <Mark size={32} />
          <h1>{title}</h1>
        </div>
        {children}
      </div>
      <Trace />
    </main>
  );
}

/** The instrument's own picture: a trace crossing its two thresholds, cut where it falls. Decoration only. */
function Trace() {
  const width = 1200;
  const points: string[] = [];
  const on: [number, number][] = [];
  let from: number | null = null;
  for (let x = 0; x <= width; x += 6) {
    const t = x / 100;
    const value = Math.max(0, Math.sin(t * 1.9) * 0.55 + Math.sin(t * 0.7 + 1) * 0.35 + Math.sin(t * 5.3) * 0.1);
    points.push(`${x},${(150 - value * 120).toFixed(1)}`);
    if (value > 0.32 && from === null) from = x;
    if (value < 0.22 && from !== null) {
      on.push([from, x]);
      from = null;
    }
  }
  return (
    <svg className="sign-in-trace" viewBox={`0 0 ${width} 200`} preserveAspectRatio="none" aria-hidden="true">
      <line x1="0" x2={width} y1="111" y2="111" stroke="var(--line-strong)" vectorEffect="non-scaling-stroke" />
      <line x1="0" x2={width} y1="124" y2="124" stroke="var(--line-strong)" strokeDasharray="5 5" vectorEffect="non-scaling-stroke" />
      <polyline points={points.join(" ")} fill="none" stroke="var(--energy)" strokeWidth="2" vectorEffect="non-scaling-stroke" />
      {on.map(([a, b], i) => (
        <rect key={a} x={a} y="172" width={b - a} height="14" fill={`var(--hue-${(i * 5) % 12})`} />
      ))}
    </svg>
  );
}
