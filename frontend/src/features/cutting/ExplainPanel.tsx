import { useMemo } from "react";
import { explain, type Explanation, type Params, type Trace } from "../../lib/segmentation";
import type { Interval } from "../../lib/segments";
import { formatSeconds, formatTime } from "../../lib/time";
import { formatFigure } from "../../lib/words";
import "./cutting.css";

interface ExplainPanelProps {
  trace: Trace;
  params: Params;
  piece: Interval;
  /** Where the numbers are from: "run 7", "your draft". */
  made: string;
  unit: string;
  onSeek: (timeS: number) => void;
}

/** Why a primitive begins and ends where it does: the energy there, what crossed which threshold, and what was counted. */
export function ExplainPanel({ trace, params, piece, made, unit, onSeek }: ExplainPanelProps) {
  const { start_s: startS, end_s: endS } = piece;
  const edges = useMemo(() => explain(trace, params, { startS, endS }), [trace, params, startS, endS]);
  return (
    <section className="explain" aria-label="Explain this cut">
      {edges.map((edge) => (
        <article key={edge.side} aria-label={edge.side === "begin" ? "Why it begins here" : "Why it ends here"}>
          <h3>
            {edge.side === "begin" ? "Begins" : "Ends"} at{" "}
            <button type="button" className="link-button" title={`${edge.timeS.toFixed(3)} s; go there`} onClick={() => onSeek(edge.timeS)}>
              {formatTime(edge.timeS)}
            </button>{" "}
            <span className="badge">{RULE_NAMES[edge.rule]}</span>
          </h3>
          <p className="small">{sentence(edge, params)}</p>
          <EdgePlot edge={edge} made={made} unit={unit} />
          <Counters edge={edge} params={params} />
        </article>
      ))}
      <p className="hint">
        {made}: θ on {formatFigure(params.thetaOn)}, θ off {formatFigure(params.thetaOn * params.detection.off_ratio)} ({unit}); u {params.detection.on_steps}, d{" "}
        {params.detection.off_steps}
      </p>
    </section>
  );
}

const RULE_NAMES: Record<Explanation["rule"], string> = {
  threshold: "threshold",
  "max length": "longest",
  "end of video": "end of video",
  rest: "rest",
  dip: "dip",
  hold: "hold",
  hand: "by hand",
};

const steps = (n: number | null): string => (n === 1 ? "one step" : `${n} steps in a row`);

function sentence(edge: Explanation, { detection, refinement }: Params): string {
  const begins = edge.side === "begin";
  switch (edge.madeBy) {
    case null:
      return `No rule cuts here: it was set by hand. The smoothed energy is ${formatFigure(edge.smoothed)} at this step.`;
    case "threshold": {
      const debounce = `${steps(edge.needed)} ${begins ? "above θ on" : "below θ off"} (${formatFigure(edge.threshold)})`;
      const known = edge.decidedS === null ? "" : ` Known at ${formatTime(edge.decidedS)}, when all were counted.`;
      if (begins) return `It begins with the first of ${debounce}.${known}`;
      const held = edge.rule === "hold" ? ` The end was then moved on by ${formatSeconds(edge.timeS - edge.madeAtS)} (hold ${formatSeconds(refinement.hold_s)}).` : "";
      return `It ends before the first of ${debounce}, at ${formatTime(edge.madeAtS)}.${known}${held}`;
    }
    case "max length":
      return `It was ${formatSeconds(detection.max_s ?? 0)} long, the longest allowed, and was cut; the next goes on from here.`;
    case "end of video":
      return `The video ends while the energy is still up.${edge.rule === "hold" ? " The end was moved on to its last step." : ""}`;
    case "rest":
      return begins
        ? `The energy, not smoothed, rested below ${formatFigure(edge.threshold)} (rest × θ on) just before; here it moves again.`
        : `The energy, not smoothed, falls below ${formatFigure(edge.threshold)} (rest × θ on): hands at rest within a movement split it.`;
    case "dip": {
      const dip = edge.dip;
      if (!dip) return `The energy dipped and rose again by ${formatFigure(edge.threshold)} (dip × θ on).`;
      return `The energy fell from ${formatFigure(dip.highest)} at ${formatTime(dip.highestS)} to ${formatFigure(dip.lowest)} at ${formatTime(dip.lowestS)} and rose to ${formatFigure(dip.value)}: both ways more than ${formatFigure(dip.depth)} (dip × θ on).`;
    }
  }
}

const WIDTH = 320;
const HEIGHT = 84;

/** The energy of the steps around an edge, raw and smoothed, with the thresholds and the edge. */
function EdgePlot({ edge, made, unit }: { edge: Explanation; made: string; unit: string }) {
  const { steps: around, thetaOn, thetaOff } = edge;
  const first = around[0];
  const last = around[around.length - 1];
  if (!first || !last) return null;
  const top = Math.max(thetaOn, ...around.map((one) => Math.max(one.energy, one.smoothed))) * 1.1;
  const x = (timeS: number) => ((timeS - first.startS) / Math.max(1e-9, last.timeS - first.startS)) * WIDTH;
  const y = (value: number) => HEIGHT - (value / top) * HEIGHT;
  const path = (of: "energy" | "smoothed") => around.map((one, i) => `${i === 0 ? "M" : "L"}${x(one.timeS).toFixed(1)} ${y(one[of]).toFixed(1)}`).join("");
  const about = `${made}, energy around ${formatTime(edge.timeS)}: smoothed ${formatFigure(edge.smoothed)} at the deciding step (${unit})`;
  return (
    <svg className="edge-plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={about}>
      <title>{about}</title>
      <rect x={x(around.find((one) => one.step === edge.step)?.startS ?? edge.timeS)} width={Math.max(2, WIDTH / around.length)} y={0} height={HEIGHT} fill="var(--accent-faint)" />
      <line x1={0} x2={WIDTH} y1={y(thetaOn)} y2={y(thetaOn)} stroke="var(--threshold)" vectorEffect="non-scaling-stroke" />
      <line x1={0} x2={WIDTH} y1={y(thetaOff)} y2={y(thetaOff)} stroke="var(--threshold)" strokeDasharray="5 4" vectorEffect="non-scaling-stroke" />
      <path d={path("energy")} fill="none" stroke="var(--energy-pale)" vectorEffect="non-scaling-stroke" />
      <path d={path("smoothed")} fill="none" stroke="var(--energy)" strokeWidth={2} vectorEffect="non-scaling-stroke" />
      {edge.rule === "hold" && <line x1={x(edge.madeAtS)} x2={x(edge.madeAtS)} y1={0} y2={HEIGHT} stroke="var(--accent)" strokeDasharray="2 3" vectorEffect="non-scaling-stroke" />}
      <line x1={x(edge.timeS)} x2={x(edge.timeS)} y1={0} y2={HEIGHT} stroke="var(--accent)" strokeWidth={2} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

/** The debounce counter at each step: filled as it counts, whole when the state changes. */
function Counters({ edge, params }: { edge: Explanation; params: Params }) {
  const { on_steps: u, off_steps: d } = params.detection;
  return (
    <ol className="counters" aria-label="Debounce, step by step">
      {edge.steps.map((one, i) => {
        // What is counted speaks against the state before the step.
        const before = edge.steps[i - 1]?.state ?? one.state;
        const words = one.cooldown
          ? "cooldown"
          : one.run === 0
            ? `nothing counted, ${one.state}`
            : before === "off"
              ? `${one.run} of ${u} above θ on`
              : `${one.run} of ${d} below θ off`;
        return (
          <li
            key={one.step}
            className={[one.state, one.cooldown ? "cooldown" : "", one.step === edge.step ? "here" : ""].join(" ")}
            title={`Step ${one.step}, ${formatTime(one.timeS)} (${one.timeS.toFixed(3)} s): smoothed ${formatFigure(one.smoothed)}, raw ${formatFigure(one.energy)}; ${words}`}
          >
            <span aria-hidden="true">{one.run > 0 ? one.run : ""}</span>
            <span className="visually-hidden">{`${formatTime(one.timeS)}: ${words}`}</span>
          </li>
        );
      })}
    </ol>
  );
}
