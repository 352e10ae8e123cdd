import { DIP, REST, Spans } from "./spans";
import { TIME_TOLERANCE_S, type Interval, type Params, type Trace } from "./types";

const REACH = 4; // standard deviations the Gaussian is summed over, to each side

/** `ml.refinement.refine`: intervals split where the energy rests or dips, and their ends moved on. */
export function refine(found: readonly Interval[], trace: Trace, params: Params): Interval[] {
  return refineSpans(Spans.from(found), trace, params).toArray();
}

export function refineSpans(found: Spans, trace: Trace, params: Params): Spans {
  const moving = splitAtRest(found, trace, params);
  const pieces = new Spans();
  const dips = new Dips(trace, params);
  for (let position = 0; position < moving.length; position += 1) {
    const nextFirst = position + 1 < moving.length ? moving.first[position + 1]! : trace.energy.length;
    dips.split(moving, position, nextFirst, pieces);
  }
  return pieces;
}

/** Pieces between steps whose energy, not smoothed, is below `rest` · θ_on. Resting steps belong to none. */
export function splitAtRest(found: Spans, { timesS, energy }: Trace, { thetaOn, refinement }: Params): Spans {
  if (refinement.rest === null) return found;
  const level = refinement.rest * thetaOn;
  const leastS = refinement.min_piece_s - TIME_TOLERANCE_S;
  const pieces = new Spans();
  for (let at = 0; at < found.length; at += 1) {
    const stop = found.stop[at]!;
    const endS = found.endS[at]!;
    let first = found.first[at]!;
    let startS = found.startS[at]!;
    let begunBy = found.begunBy[at]!;
    let restsFrom = -1;
    for (let k = first; k < stop; k += 1) {
      if (energy[k]! < level) {
        if (restsFrom < 0) restsFrom = k;
        continue;
      }
      if (restsFrom < 0) continue;
      const rest = restsFrom;
      restsFrom = -1;
      if (rest === found.first[at]!) continue; // rest at either end of the interval stays in it
      const beforeEndS = timesS[rest - 1]!;
      const afterStartS = timesS[k - 1]!;
      if (Math.min(beforeEndS - startS, endS - afterStartS) < leastS) continue;
      pieces.push(first, rest, startS, beforeEndS, begunBy, REST);
      first = k;
      startS = afterStartS;
      begunBy = REST;
    }
    pieces.push(first, stop, startS, endS, begunBy, found.endedBy[at]!);
  }
  return pieces;
}

/** Splits where the energy, smoothed both ways, has dipped and risen; moves the last piece's end on. */
class Dips {
  readonly #trace: Trace;
  readonly #params: Params;
  readonly #gaussian = new Gaussian();

  constructor(trace: Trace, params: Params) {
    this.#trace = trace;
    this.#params = params;
  }

  split(moving: Spans, position: number, nextFirst: number, pieces: Spans): void {
    const { timesS, energy } = this.#trace;
    const { thetaOn, refinement } = this.#params;
    const from = moving.first[position]!;
    const stop = moving.stop[position]!;
    const endS = moving.endS[position]!;
    let first = from;
    let startS = moving.startS[position]!;
    let begunBy = moving.begunBy[position]!;
    if (refinement.dip !== null) {
      const leastS = refinement.min_piece_s - TIME_TOLERANCE_S;
      const stepS = (endS - startS) / (stop - from);
      const smoothed = this.#gaussian.smooth(energy, from, stop, refinement.smooth_s / stepS);
      const depth = refinement.dip * thetaOn;
      let rising = true;
      let extreme = -Infinity;
      for (let k = from; k < stop; k += 1) {
        const value = smoothed[k - from]!;
        if (rising) {
          if (value > extreme) extreme = value;
          if (value <= extreme - depth) {
            rising = false;
            extreme = value;
          }
          continue;
        }
        if (value < extreme) extreme = value;
        if (value < extreme + depth) continue;
        rising = true;
        extreme = value;
        const after = k + 1;
        if (after === stop) continue;
        const splitS = timesS[after - 1]!;
        if (Math.min(splitS - startS, endS - splitS) < leastS) continue;
        pieces.push(first, after, startS, splitS, begunBy, DIP);
        first = after;
        startS = splitS;
        begunBy = DIP;
      }
    }
    let heldStop = stop;
    let heldEndS = endS;
    const holdS = refinement.hold_s + TIME_TOLERANCE_S;
    while (heldStop < nextFirst && timesS[heldStop]! - endS <= holdS) {
      heldEndS = timesS[heldStop]!;
      heldStop += 1;
    }
    pieces.push(first, heldStop, startS, heldEndS, begunBy, moving.endedBy[position]!, stop);
  }
}

/** `ml.refinement.smooth_both_ways`: weights rounded to float32, sums from the middle outwards, so the bits agree. */
export class Gaussian {
  #sigma = Number.NaN;
  #weights = new Float32Array(0);
  #radius = 0;
  #total = 1;
  #padded = new Float64Array(0);
  #sums = new Float64Array(0);
  #smoothed = new Float32Array(0);

  /** The smoothed values of steps from..stop-1, at 0..stop-from-1 of an array that the next call writes over. */
  smooth(values: Float32Array, from: number, stop: number, sigmaSteps: number): Float32Array {
    this.#weigh(sigmaSteps);
    const length = stop - from;
    const radius = this.#radius;
    if (this.#sums.length < length) {
      this.#sums = new Float64Array(2 * length);
      this.#smoothed = new Float32Array(2 * length);
    }
    if (this.#padded.length < length + 2 * radius) this.#padded = new Float64Array(2 * (length + 2 * radius));
    const padded = this.#padded;
    const sums = this.#sums;
    padded.fill(values[from]!, 0, radius);
    for (let i = 0; i < length; i += 1) {
      const value = values[from + i]!;
      padded[radius + i] = value;
      sums[i] = value;
    }
    padded.fill(values[stop - 1]!, radius + length, length + 2 * radius);
    for (let offset = 1; offset <= radius; offset += 1) {
      const weight = this.#weights[offset - 1]!;
      const before = radius - offset;
      const after = radius + offset;
      for (let i = 0; i < length; i += 1) sums[i]! += weight * (padded[before + i]! + padded[after + i]!);
    }
    const smoothed = this.#smoothed;
    const total = this.#total;
    for (let i = 0; i < length; i += 1) smoothed[i] = sums[i]! / total;
    return smoothed;
  }

  #weigh(sigmaSteps: number): void {
    if (sigmaSteps === this.#sigma) return;
    this.#sigma = sigmaSteps;
    this.#radius = Math.max(1, Math.ceil(REACH * sigmaSteps));
    if (this.#weights.length < this.#radius) this.#weights = new Float32Array(2 * this.#radius);
    let total = 1;
    for (let offset = 1; offset <= this.#radius; offset += 1) {
      const away = offset / sigmaSteps;
      this.#weights[offset - 1] = Math.exp(-0.5 * (away * away));
      total += 2 * this.#weights[offset - 1]!;
    }
    this.#total = total;
  }
}
