import { frameAt } from "./clock";

/** What the lanes need of a segment: a half-open interval `[start_s, end_s)`. */
export interface Interval {
  start_s: number;
  end_s: number;
}

/** The interval holding `timeS`, or -1. `items` are in time order and do not overlap. */
export function indexAt(items: readonly Interval[], timeS: number): number {
  let low = 0;
  let high = items.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const item = items[middle]!;
    if (timeS < item.start_s) high = middle - 1;
    else if (timeS >= item.end_s) low = middle + 1;
    else return middle;
  }
  return -1;
}

/** The first that starts after `timeS`, or -1. */
export function nextIndex(items: readonly Interval[], timeS: number): number {
  return items.findIndex((item) => item.start_s > timeS + 1e-3);
}

/** The last that ended before or started before the one at `timeS`, or -1. */
export function previousIndex(items: readonly Interval[], timeS: number): number {
  const here = indexAt(items, timeS);
  if (here >= 0) return here - 1;
  for (let i = items.length - 1; i >= 0; i -= 1) if (items[i]!.end_s <= timeS + 1e-3) return i;
  return -1;
}

/** The nearest edge on a frame before (`-1`) or after (`1`) the one of a moment, or null. An edge is on the frame nearest to it. */
export function edgeFrom(items: readonly Interval[], timeS: number, direction: -1 | 1, fps: number): number | null {
  const here = frameAt(timeS, fps);
  let found: number | null = null;
  for (const { start_s, end_s } of items) {
    for (const edge of [start_s, end_s]) {
      const frame = frameAt(edge + 0.5 / fps, fps);
      if (direction === 1 && frame > here && (found === null || edge < found)) found = edge;
      if (direction === -1 && frame < here && (found === null || edge > found)) found = edge;
    }
  }
  return found;
}
