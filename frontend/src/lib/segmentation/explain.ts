import { Detector, detectSpans } from "./detect";
import { Gaussian, refineSpans, splitAtRest } from "./refine";
import { DIP, END_OF_VIDEO, MAX_LENGTH, REST, RULES, type MadeBy, type Spans } from "./spans";
import type { Params, Trace } from "./types";

export type Side = "begin" | "end";
/** hold: an end that its rule put earlier and `hold_s` moved on. hand: no rule puts an edge there. */
export type Rule = MadeBy | "hold" | "hand";

/** One step as the detector saw it. */
export interface StepFacts {
  step: number;
  /** `[startS, timeS)`: known at its end. */
  startS: number;
  timeS: number;
  energy: number;
  smoothed: number;
  /** After the step. */
  state: "off" | "on";
  /** Whether it asks for the other state: above θ_on while off, below θ_off while on. */
  speaks: boolean;
  /** How many in a row have asked, this one included; at `on_steps` or `off_steps` the state changes. */
  run: number;
  /** In the cooldown after an end, where nothing counts. */
  cooldown: boolean;
}

/** What the energy did, smoothed both ways, before a dip split a movement. */
export interface Dip {
  highest: number;
  highestS: number;
  lowest: number;
  lowestS: number;
  value: number;
  /** How far it had to fall and rise: `dip` · θ_on. */
  depth: number;
}

export interface Explanation {
  side: Side;
  timeS: number;
  rule: Rule;
  /** The rule under a hold, and the edge it made; otherwise the same as `rule` and `timeS`. */
  madeBy: MadeBy | null;
  madeAtS: number;
  /** The step that decided: the first above, or the first below. */
  step: number;
  energy: number;
  smoothed: number;
  thetaOn: number;
  thetaOff: number;
  /** What the deciding value was compared with; null where a length or the video's end decided. */
  threshold: number | null;
  /** When it crossed: the edge itself, before any hold. Null as `threshold`. */
  crossingS: number | null;
  /** When it was known, the debounce over. */
  decidedS: number | null;
  /** Steps in a row it took: `on_steps` or `off_steps`. Null where none were counted. */
  needed: number | null;
  dip: Dip | null;
  steps: StepFacts[];
}

export type Edge = number | { timeS: number; side: Side } | { startS: number; endS: number };

const SAME_EDGE_S = 1e-3;

/**
 * Why there is a cut. A time alone is every edge there, of the interval that ends and of the one that begins; none where
 * no rule puts one. An interval is its two edges; an edge given with its side, or an interval's, that no rule made is
 * "hand". `around`: steps shown to each side.
 */
export function explain(trace: Trace, params: Params, edge: Edge, around = 12): Explanation[] {
  if (trace.energy.length === 0) return [];
  const story = new Story(trace, params, around);
  if (typeof edge === "number") {
    const sides: Side[] = ["end", "begin"];
    return sides.filter((side) => story.find(edge, side) >= 0).map((side) => story.tell(edge, side));
  }
  if ("side" in edge) return [story.tell(edge.timeS, edge.side)];
  return [story.tell(edge.startS, "begin"), story.tell(edge.endS, "end")];
}

class Story {
  readonly #trace: Trace;
  readonly #params: Params;
  readonly #around: number;
  readonly #moving: Spans;
  readonly #cuts: Spans;

  constructor(trace: Trace, params: Params, around: number) {
    this.#trace = trace;
    this.#params = params;
    this.#around = around;
    const found = detectSpans(trace, params, trace.startS);
    this.#moving = splitAtRest(found, trace, params);
    this.#cuts = refineSpans(found, trace, params);
  }

  /** The cut with an edge there, or -1. */
  find(timeS: number, side: Side): number {
    const edges = side === "begin" ? this.#cuts.startS : this.#cuts.endS;
    let nearest = -1;
    for (let i = 0; i < this.#cuts.length; i += 1) {
      const awayS = Math.abs(edges[i]! - timeS);
      if (awayS <= SAME_EDGE_S && (nearest < 0 || awayS < Math.abs(edges[nearest]! - timeS))) nearest = i;
    }
    return nearest;
  }

  tell(timeS: number, side: Side): Explanation {
    const { timesS, energy, startS } = this.#trace;
    const { thetaOn, detection, refinement } = this.#params;
    const last = energy.length - 1;
    const at = this.find(timeS, side);
    const cuts = this.#cuts;
    const held = at >= 0 && side === "end" && cuts.heldFrom[at]! < cuts.stop[at]!;
    const code = at < 0 ? -1 : (side === "begin" ? cuts.begunBy : cuts.endedBy)[at]!;
    const madeBy = code < 0 ? null : RULES[code]!;
    const edge = at < 0 ? this.#stepAt(timeS) : (side === "begin" ? cuts.first : cuts.heldFrom)[at]!;
    const madeAtS = at < 0 ? timeS : edge === 0 ? startS : timesS[edge - 1]!;
    const step = Math.min(edge, last);
    const steps = this.#replay(Math.max(0, step - this.#around), Math.min(last, step + this.#around));
    const here = steps.find((one) => one.step === step)!;

    const thetaOff = detection.off_ratio * thetaOn;
    let threshold: number | null = null;
    let needed: number | null = null;
    let decided = edge;
    if (code === REST) threshold = refinement.rest! * thetaOn;
    else if (code === DIP) threshold = refinement.dip! * thetaOn;
    else if (code >= 0 && code !== MAX_LENGTH && code !== END_OF_VIDEO) {
      threshold = side === "begin" ? thetaOn : thetaOff;
      needed = side === "begin" ? detection.on_steps : detection.off_steps;
      decided = edge + needed - 1;
    } else decided = edge - 1;
    return {
      side,
      timeS: at < 0 ? timeS : (side === "begin" ? cuts.startS : cuts.endS)[at]!,
      rule: madeBy === null ? "hand" : held ? "hold" : madeBy,
      madeBy,
      madeAtS,
      step,
      energy: here.energy,
      smoothed: here.smoothed,
      thetaOn,
      thetaOff,
      threshold,
      crossingS: threshold === null ? null : madeAtS,
      decidedS: at < 0 ? null : timesS[Math.min(Math.max(0, decided), last)]!,
      needed,
      dip: code === DIP ? this.#dip(edge) : null,
      steps,
    };
  }

  /** The step a moment lies in. */
  #stepAt(timeS: number): number {
    const { timesS } = this.#trace;
    let low = 0;
    let high = timesS.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timesS[middle]! <= timeS + SAME_EDGE_S) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #replay(from: number, to: number): StepFacts[] {
    const { timesS, energy, startS } = this.#trace;
    const detector = new Detector(this.#params, startS);
    const steps: StepFacts[] = [];
    for (let step = 0; step <= to; step += 1) {
      detector.push(energy[step]!, timesS[step]!);
      if (step < from) continue;
      steps.push({
        step,
        startS: step === 0 ? startS : timesS[step - 1]!,
        timeS: timesS[step]!,
        energy: energy[step]!,
        smoothed: detector.smoothed,
        state: detector.on ? "on" : "off",
        speaks: detector.speaks,
        run: detector.counted,
        cooldown: detector.resting,
      });
    }
    return steps;
  }

  /** The piece that begins with `step` was split off after a dip: how deep that was. */
  #dip(step: number): Dip | null {
    const { timesS, energy } = this.#trace;
    const { thetaOn, refinement } = this.#params;
    const moving = this.#moving;
    let at = 0;
    while (at < moving.length && moving.stop[at]! <= step) at += 1;
    if (at === moving.length) return null;
    const from = moving.first[at]!;
    const stop = moving.stop[at]!;
    const stepS = (moving.endS[at]! - moving.startS[at]!) / (stop - from);
    const smoothed = new Gaussian().smooth(energy, from, stop, refinement.smooth_s / stepS);
    const depth = refinement.dip! * thetaOn;
    let rising = true;
    let high = from;
    let low = from;
    for (let k = from; k < step; k += 1) {
      const value = smoothed[k - from]!;
      if (rising) {
        if (value > smoothed[high - from]!) high = k;
        if (value <= smoothed[high - from]! - depth) {
          rising = false;
          low = k;
        }
      } else {
        if (value < smoothed[low - from]!) low = k;
        if (value >= smoothed[low - from]! + depth && k < step - 1) {
          rising = true;
          high = k;
        }
      }
    }
    return {
      highest: smoothed[high - from]!,
      highestS: timesS[high]!,
      lowest: smoothed[low - from]!,
      lowestS: timesS[low]!,
      value: smoothed[step - 1 - from]!,
      depth,
    };
  }
}
