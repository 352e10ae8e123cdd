/** Where an edge may want to be: the signal's own places near it. `timesS` ascend, `values` are the smoothed energy. */
export interface Curve {
  timesS: ArrayLike<number>;
  values: ArrayLike<number>;
}

export const frameNear = (timeS: number, fps: number): number => Math.round(timeS * fps) / fps;

/** The moment of the local least value nearest to `timeS`; null where there is none within `withinS`. */
export function minimumNear({ timesS, values }: Curve, timeS: number, withinS = 2): number | null {
  let best: number | null = null;
  for (let i = indexAtOrAfter(timesS, timeS - withinS); i < timesS.length && timesS[i]! <= timeS + withinS; i += 1) {
    const here = values[i]!;
    // On a flat bottom the first step counts; the ends of the signal do not.
    if (i === 0 || i === timesS.length - 1 || !(values[i - 1]! > here && values[i + 1]! >= here)) continue;
    if (best === null || Math.abs(timesS[i]! - timeS) < Math.abs(best - timeS)) best = timesS[i]!;
  }
  return best;
}

/** The moment nearest to `timeS` at which the line through the values crosses one of `levels`; null if none within `withinS`. */
export function crossingNear({ timesS, values }: Curve, levels: readonly number[], timeS: number, withinS = 2): number | null {
  let best: number | null = null;
  for (let i = Math.max(1, indexAtOrAfter(timesS, timeS - withinS)); i < timesS.length && timesS[i - 1]! <= timeS + withinS; i += 1) {
    const [before, after] = [values[i - 1]!, values[i]!];
    for (const level of levels) {
      if (before < level === after < level) continue;
      const at = timesS[i - 1]! + ((level - before) / (after - before)) * (timesS[i]! - timesS[i - 1]!);
      if (Math.abs(at - timeS) <= withinS && (best === null || Math.abs(at - timeS) < Math.abs(best - timeS))) best = at;
    }
  }
  return best;
}

export function indexAtOrAfter(timesS: ArrayLike<number>, timeS: number): number {
  let low = 0;
  let high = timesS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timesS[middle]! < timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}
