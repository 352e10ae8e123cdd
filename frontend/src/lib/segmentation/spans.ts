import type { Interval } from "./types";

/** What made an edge. An end that a hold moved on keeps the rule that made it; `Spans.heldFrom` tells where it was. */
export const RULES = ["threshold", "max length", "end of video", "rest", "dip"] as const;
export type MadeBy = (typeof RULES)[number];

export const THRESHOLD = 0;
export const MAX_LENGTH = 1;
export const END_OF_VIDEO = 2;
export const REST = 3;
export const DIP = 4;

/** A growing list of intervals as columns, so that cutting makes no object per interval until somebody asks for them. */
export class Spans {
  length = 0;
  first: Int32Array = new Int32Array(256);
  stop: Int32Array = new Int32Array(256);
  startS: Float64Array = new Float64Array(256);
  endS: Float64Array = new Float64Array(256);
  begunBy: Uint8Array = new Uint8Array(256);
  endedBy: Uint8Array = new Uint8Array(256);
  /** The step the end was at before it was moved on; `stop` where it was not. */
  heldFrom: Int32Array = new Int32Array(256);

  push(first: number, stop: number, startS: number, endS: number, begunBy: number, endedBy: number, heldFrom = stop): void {
    if (this.length === this.first.length) this.#grow();
    const at = this.length;
    this.first[at] = first;
    this.stop[at] = stop;
    this.startS[at] = startS;
    this.endS[at] = endS;
    this.begunBy[at] = begunBy;
    this.endedBy[at] = endedBy;
    this.heldFrom[at] = heldFrom;
    this.length = at + 1;
  }

  at(index: number): Interval {
    return {
      first: this.first[index]!,
      stop: this.stop[index]!,
      startS: this.startS[index]!,
      endS: this.endS[index]!,
    };
  }

  toArray(): Interval[] {
    return Array.from({ length: this.length }, (_, index) => this.at(index));
  }

  static from(intervals: readonly Interval[]): Spans {
    const spans = new Spans();
    for (const { first, stop, startS, endS } of intervals) spans.push(first, stop, startS, endS, THRESHOLD, THRESHOLD);
    return spans;
  }

  #grow(): void {
    const ints = (old: Int32Array) => {
      const wider = new Int32Array(2 * old.length);
      wider.set(old);
      return wider;
    };
    const doubles = (old: Float64Array) => {
      const wider = new Float64Array(2 * old.length);
      wider.set(old);
      return wider;
    };
    const bytes = (old: Uint8Array) => {
      const wider = new Uint8Array(2 * old.length);
      wider.set(old);
      return wider;
    };
    this.first = ints(this.first);
    this.stop = ints(this.stop);
    this.heldFrom = ints(this.heldFrom);
    this.startS = doubles(this.startS);
    this.endS = doubles(this.endS);
    this.begunBy = bytes(this.begunBy);
    this.endedBy = bytes(this.endedBy);
  }
}
