/** The stretch of time on screen, shared by every lane and plot. Drawn from directly; React does not re-render on a pan. */
export interface TimeRange {
  startS: number;
  endS: number;
}

const MIN_SPAN_S = 0.5;

export class TimeAxis {
  #range: TimeRange;
  #durationS: number;
  readonly #listeners = new Set<(range: TimeRange) => void>();

  constructor(durationS: number) {
    this.#durationS = Math.max(durationS, MIN_SPAN_S);
    this.#range = { startS: 0, endS: this.#durationS };
  }

  get range(): TimeRange {
    return this.#range;
  }

  get durationS(): number {
    return this.#durationS;
  }

  get span(): number {
    return this.#range.endS - this.#range.startS;
  }

  readonly subscribe = (listener: (range: TimeRange) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Pixels from the left edge of a drawing `width` wide. */
  toX(timeS: number, width: number): number {
    return ((timeS - this.#range.startS) / this.span) * width;
  }

  toTime(x: number, width: number): number {
    const time = this.#range.startS + (x / width) * this.span;
    return Math.min(this.#durationS, Math.max(0, time));
  }

  /** Magnify by `factor` (> 1 is closer) about the moment under the pointer, which stays under it. */
  zoomAt(timeS: number, factor: number): void {
    const span = Math.min(this.#durationS, Math.max(MIN_SPAN_S, this.span / factor));
    const share = (timeS - this.#range.startS) / this.span;
    this.#set(timeS - share * span, span);
  }

  panBy(seconds: number): void {
    this.#set(this.#range.startS + seconds, this.span);
  }

  fit(): void {
    this.#set(0, this.#durationS);
  }

  /** Bring `[startS, endS)` in view with room around it, zooming only as far as it must. */
  reveal(startS: number, endS: number): void {
    const { startS: from, endS: to } = this.#range;
    if (startS >= from && endS <= to) return;
    const span = Math.min(this.#durationS, Math.max(this.span, (endS - startS) * 1.5));
    this.#set((startS + endS) / 2 - span / 2, span);
  }

  /** `[startS, endS)` as wide as the view, with a margin of its own length to each side. */
  frame(startS: number, endS: number): void {
    const span = Math.min(this.#durationS, Math.max(MIN_SPAN_S, (endS - startS) * 3));
    this.#set((startS + endS) / 2 - span / 2, span);
  }

  /** While playing: turn the page when the playhead leaves it. */
  follow(timeS: number): void {
    if (timeS >= this.#range.startS && timeS < this.#range.endS) return;
    this.#set(timeS - this.span * 0.05, this.span);
  }

  #set(startS: number, span: number): void {
    const from = Math.min(Math.max(0, startS), this.#durationS - span);
    this.#range = { startS: from, endS: from + span };
    for (const listener of this.#listeners) listener(this.#range);
  }
}

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Round moments for a ruler, at least `minGapPx` apart. */
export function rulerTicks(range: TimeRange, width: number, minGapPx = 84): number[] {
  const perPx = (range.endS - range.startS) / Math.max(1, width);
  const step = STEPS_S.find((candidate) => candidate / perPx >= minGapPx) ?? 7200;
  const ticks: number[] = [];
  for (let i = Math.max(0, Math.ceil(range.startS / step - 1e-9)); i * step <= range.endS; i += 1) ticks.push(i * step);
  return ticks;
}
