import { END_OF_VIDEO, MAX_LENGTH, Spans, THRESHOLD } from "./spans";
import { TIME_TOLERANCE_S, type Interval, type Params, type Trace } from "./types";

/** The exponential moving average the detector compares with its thresholds, rounded to float32: what plots draw. */
export function smooth(energy: Float32Array, alpha: number): Float32Array {
  const smoothed = new Float32Array(energy.length);
  const old = 1 - alpha;
  let value = 0;
  for (let k = 0; k < energy.length; k += 1) {
    value = k === 0 ? energy[0]! : alpha * energy[k]! + old * value;
    smoothed[k] = value;
  }
  return smoothed;
}

/**
 * `ml.segmentation.Detector`, step for step: two states, two thresholds, debounced. Its fields after `push` are what
 * `explain` shows of that step.
 */
export class Detector {
  readonly found = new Spans();
  readonly thetaOff: number;
  on = false;
  smoothed = 0;
  /** Whether the step asks for the other state, and how many in a row have, this one included. */
  speaks = false;
  counted = 0;
  /** Steps of cooldown left; `resting`: this step was one of them, so nothing it says counts. */
  rest = 0;
  resting = false;

  readonly #thetaOn: number;
  readonly #alpha: number;
  readonly #old: number;
  readonly #onSteps: number;
  readonly #offSteps: number;
  readonly #cooldownSteps: number;
  readonly #minS: number;
  readonly #maxS: number;
  #step = 0;
  #stepStartsS: number;
  #run = 0;
  #runFirst = 0;
  #runStartS = 0;
  #first = 0;
  #startS = 0;
  #begunBy = THRESHOLD;

  constructor({ thetaOn, detection }: Params, startS: number) {
    this.#thetaOn = thetaOn;
    this.thetaOff = detection.off_ratio * thetaOn;
    this.#alpha = detection.alpha;
    this.#old = 1 - detection.alpha;
    this.#onSteps = detection.on_steps;
    this.#offSteps = detection.off_steps;
    this.#cooldownSteps = detection.cooldown_steps;
    this.#minS = detection.min_s - TIME_TOLERANCE_S;
    this.#maxS = detection.max_s === null ? Infinity : detection.max_s - TIME_TOLERANCE_S;
    this.#stepStartsS = startS;
    this.#runStartS = startS;
    this.#startS = startS;
  }

  push(energy: number, timeS: number): void {
    if (!(timeS > this.#stepStartsS)) throw new RangeError(`time must increase, got ${timeS} after ${this.#stepStartsS}`);
    const y = this.#step === 0 ? energy : this.#alpha * energy + this.#old * this.smoothed;
    this.smoothed = y;
    if (this.on) this.#end(y);
    else this.#begin(y);
    if (this.on && timeS - this.#startS >= this.#maxS) {
      this.#close(this.#step + 1, timeS, MAX_LENGTH);
      this.#first = this.#step + 1;
      this.#startS = timeS;
      this.#begunBy = MAX_LENGTH;
    }
    this.#step += 1;
    this.#stepStartsS = timeS;
  }

  /** The video has ended: what is open closes with the last step. */
  flush(): void {
    if (this.on) this.#close(this.#step, this.#stepStartsS, END_OF_VIDEO);
    this.on = false;
    this.#run = 0;
  }

  #begin(y: number): void {
    this.speaks = y > this.#thetaOn;
    this.resting = this.rest > 0;
    if (this.resting) {
      this.rest -= 1;
      this.#run = 0;
      this.counted = 0;
    } else if (this.#count(this.#onSteps)) {
      this.on = true;
      this.#run = 0;
      this.#first = this.#runFirst;
      this.#startS = this.#runStartS;
      this.#begunBy = THRESHOLD;
    }
  }

  #end(y: number): void {
    this.speaks = y < this.thetaOff;
    this.resting = false;
    if (!this.#count(this.#offSteps)) return;
    // A cut at the greatest length may have fallen between the first and the last of the low steps.
    if (this.#runFirst > this.#first) this.#close(this.#runFirst, this.#runStartS, THRESHOLD);
    this.on = false;
    this.#run = 0;
    this.rest = this.#cooldownSteps;
  }

  #count(needed: number): boolean {
    if (!this.speaks) {
      this.#run = 0;
      this.counted = 0;
      return false;
    }
    if (this.#run === 0) {
      this.#runFirst = this.#step;
      this.#runStartS = this.#stepStartsS;
    }
    this.#run += 1;
    this.counted = this.#run;
    return this.#run >= needed;
  }

  #close(stop: number, endS: number, endedBy: number): void {
    if (stop > this.#first && endS - this.#startS >= this.#minS) {
      this.found.push(this.#first, stop, this.#startS, endS, this.#begunBy, endedBy);
    }
  }
}

export function detectSpans({ timesS, energy }: Trace, params: Params, startS: number): Spans {
  const detector = new Detector(params, startS);
  for (let k = 0; k < energy.length; k += 1) detector.push(energy[k]!, timesS[k]!);
  detector.flush();
  return detector.found;
}

/** What the detector alone finds in a whole trace, as `ml.segmentation.detect`. */
export function detect(trace: Trace, params: Params, startS = trace.startS): Interval[] {
  return detectSpans(trace, params, startS).toArray();
}
