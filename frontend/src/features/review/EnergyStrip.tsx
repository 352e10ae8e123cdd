import { useEffect, useMemo, useRef } from "react";
import type { PlaybackClock } from "../../lib/clock";
import { smooth, type Trace } from "../../lib/segmentation";
import { formatTime } from "../../lib/time";
import { formatFigure } from "../../lib/words";

export interface Cutting extends Trace {
  thetaOn: number;
  thetaOff: number;
  alpha: number;
  unit: string;
}

interface EnergyStripProps {
  cutting: Cutting | null;
  fromS: number;
  toS: number;
  /** Where it is cut. */
  cut: { startS: number; endS: number };
  /** Where the reviewer would cut. */
  edges: { startS: number; endS: number };
  edge: "start" | "end";
  /** Where the clip is. */
  clock: PlaybackClock;
}

const WIDTH = 1000;
const HEIGHT = 100;

/** The energy around the cut, the thresholds, the edges as they are and as the reviewer would have them. */
export function EnergyStrip({ cutting, fromS, toS, cut, edges, edge, clock }: EnergyStripProps) {
  const head = useRef<HTMLSpanElement>(null);
  const share = (timeS: number) => Math.min(1, Math.max(0, (timeS - fromS) / Math.max(1e-6, toS - fromS)));
  const x = (timeS: number) => share(timeS) * WIDTH;
  useEffect(() => {
    const move = (timeS: number) => {
      if (head.current) head.current.style.left = `${100 * Math.min(1, Math.max(0, (timeS - fromS) / Math.max(1e-6, toS - fromS)))}%`;
    };
    move(clock.time);
    return clock.subscribe(move);
  }, [clock, fromS, toS]);

  const smoothed = useMemo(() => (cutting ? smooth(cutting.energy, cutting.alpha) : null), [cutting]);
  const drawn = useMemo(() => {
    if (!cutting || !smoothed) return null;
    const steps: number[] = [];
    for (let k = 0; k < cutting.timesS.length; k++) if (cutting.timesS[k]! >= fromS - 0.3 && cutting.timesS[k]! <= toS + 0.3) steps.push(k);
    const top = 1.1 * Math.max(cutting.thetaOn * 1.2, ...steps.filter((k) => cutting.timesS[k]! >= fromS && cutting.timesS[k]! <= toS).map((k) => Math.max(cutting.energy[k]!, smoothed[k]!)));
    return { steps, top };
  }, [cutting, smoothed, fromS, toS]);
  const y = (value: number) => HEIGHT - (value / (drawn?.top ?? 1)) * HEIGHT;
  const at = (timeS: number) => ((timeS - fromS) / Math.max(1e-6, toS - fromS)) * WIDTH;
  const line = (values: ArrayLike<number>) => drawn!.steps.map((k, i) => `${i === 0 ? "M" : "L"}${at(cutting!.timesS[k]!).toFixed(1)} ${y(values[k]!).toFixed(1)}`).join("");

  const about = cutting
    ? `Energy from ${formatTime(fromS)} to ${formatTime(toS)}; θ on ${formatFigure(cutting.thetaOn)}, θ off ${formatFigure(cutting.thetaOff)} (${cutting.unit})`
    : "Energy around the cut";
  return (
    <div className="review-strip">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={about}>
        <title>{about}</title>
        <rect x={x(edges.startS)} width={Math.max(1, x(edges.endS) - x(edges.startS))} y={0} height={HEIGHT} fill="var(--accent-faint)" />
        {cutting && drawn && smoothed && drawn.steps.length > 1 && (
          <>
            <line x1={0} x2={WIDTH} y1={y(cutting.thetaOn)} y2={y(cutting.thetaOn)} stroke="var(--threshold)" vectorEffect="non-scaling-stroke" />
            <line x1={0} x2={WIDTH} y1={y(cutting.thetaOff)} y2={y(cutting.thetaOff)} stroke="var(--threshold)" strokeDasharray="5 4" vectorEffect="non-scaling-stroke" />
            <path d={line(cutting.energy)} fill="none" stroke="var(--energy-pale)" vectorEffect="non-scaling-stroke" />
            <path d={line(smoothed)} fill="none" stroke="var(--energy)" strokeWidth={2} vectorEffect="non-scaling-stroke" />
          </>
        )}
        {(["startS", "endS"] as const).map((side) => (
          <g key={side}>
            {cut[side] !== edges[side] && <line x1={x(cut[side])} x2={x(cut[side])} y1={0} y2={HEIGHT} stroke="var(--muted)" strokeDasharray="2 3" vectorEffect="non-scaling-stroke" />}
            <line x1={x(edges[side])} x2={x(edges[side])} y1={0} y2={HEIGHT} stroke="var(--accent)" strokeWidth={(edge === "start") === (side === "startS") ? 3 : 1.5} vectorEffect="non-scaling-stroke" />
          </g>
        ))}
      </svg>
      {cutting && drawn && (
        <span className="review-theta small" style={{ bottom: `${(cutting.thetaOn / drawn.top) * 100}%` }} aria-hidden="true">
          θ on
        </span>
      )}
      <span className="review-head" ref={head} aria-hidden="true" />
    </div>
  );
}
