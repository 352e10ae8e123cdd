/** Boundary F1 as `ml.evaluation.boundaries` has it. */

/** Boundaries no further apart than this are one: half a frame at 25 fps. */
const SAME_S = 0.02;
/** A boundary this near to the beginning or end of a clip is the clip's and not an action's. */
const EDGE_S = 0.2;
/** So that 1.1 s lies within 0.5 s of 0.6 s although 1.1 - 0.6 > 0.5 in floating point. */
const SLACK_S = 1e-9;

/** The ends that count, ascending: not those at the clip's own ends, and those at one moment once. */
export function countedEnds(endsS: Iterable<number>, durationS: number | null): Float64Array {
  const kept: number[] = [];
  for (const timeS of Float64Array.from(endsS).sort()) {
    if (Math.abs(timeS) <= EDGE_S + SLACK_S) continue;
    if (durationS !== null && Math.abs(timeS - durationS) <= EDGE_S + SLACK_S) continue;
    if (kept.length === 0 || timeS - kept[kept.length - 1]! > SAME_S + SLACK_S) kept.push(timeS);
  }
  return Float64Array.from(kept);
}

/** How many pairs a largest one-to-one matching has; both ascending. Walking both from the left finds it. */
export function matches(foundS: ArrayLike<number>, truthS: ArrayLike<number>, toleranceS: number): number {
  const withinS = toleranceS + SLACK_S;
  let pairs = 0;
  let i = 0;
  let j = 0;
  while (i < foundS.length && j < truthS.length) {
    const apartS = foundS[i]! - truthS[j]!;
    if (Math.abs(apartS) <= withinS) {
      pairs += 1;
      i += 1;
      j += 1;
    } else if (apartS < 0) i += 1;
    else j += 1;
  }
  return pairs;
}

/** F1 of ascending boundaries (`countedEnds`), 0..1. Both empty: 1. One empty: 0. */
export function boundaryF1(foundS: ArrayLike<number>, truthS: ArrayLike<number>, toleranceS: number): number {
  const total = foundS.length + truthS.length;
  return total === 0 ? 1 : (2 * matches(foundS, truthS, toleranceS)) / total;
}
