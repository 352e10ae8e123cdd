import type { TimeRange } from "./timeAxis";

/** A stretch of time somebody has dragged over, or none. Drawn from directly, as the axis is. */
export class TimeSelection {
  #range: TimeRange | null = null;
  readonly #listeners = new Set<() => void>();

  /** The same object until it changes, as React wants of a store. */
  readonly get = (): TimeRange | null => this.#range;

  /** Between two moments, in whichever order they were touched; null for none. */
  readonly set = (range: TimeRange | null): void => {
    const next = range === null ? null : { startS: Math.min(range.startS, range.endS), endS: Math.max(range.startS, range.endS) };
    if (next?.startS === this.#range?.startS && next?.endS === this.#range?.endS) return;
    this.#range = next;
    for (const listener of this.#listeners) listener();
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}
