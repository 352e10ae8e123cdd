import { boundaryF1, countedEnds } from "../../lib/segmentation";
import type { Interval } from "../../lib/segments";

/** What is said of a way to cut a video. */
export interface Figures {
  n: number;
  meanS: number | null;
  /** How many lie in each of `BIN_EDGES_S`. */
  histogram: number[];
}

/** Bins of durations, each half as wide again as the one before: primitives last from tenths of a second to many. */
export const BIN_EDGES_S: readonly number[] = [0, 0.2, 0.3, 0.45, 0.7, 1, 1.5, 2.2, 3.3, 5, 7.5, 11, 17, 25, Infinity];

export function figuresOf(pieces: readonly Interval[]): Figures {
  const histogram = new Array<number>(BIN_EDGES_S.length - 1).fill(0);
  let sumS = 0;
  for (const { start_s, end_s } of pieces) {
    const durationS = end_s - start_s;
    sumS += durationS;
    let bin = 0;
    while (bin < histogram.length - 1 && durationS >= BIN_EDGES_S[bin + 1]! - 1e-9) bin += 1;
    histogram[bin]! += 1;
  }
  return { n: pieces.length, meanS: pieces.length > 0 ? sumS / pieces.length : null, histogram };
}

export interface Scores {
  half: number;
  one: number;
}

/** Boundary F1 within 0.5 and 1 s, as the evaluation of the command line counts: the ends of both, not those of the clip. */
export function scoresOf(pieces: readonly Interval[], truth: readonly Interval[], durationS: number): Scores {
  const ends = (list: readonly Interval[]) =>
    countedEnds(
      list.map((one) => one.end_s),
      durationS,
    );
  const [found, wanted] = [ends(pieces), ends(truth)];
  return { half: boundaryF1(found, wanted, 0.5), one: boundaryF1(found, wanted, 1) };
}

/** ".71", as scores are read; "1" and "0" as they are. */
export function formatScore(score: number): string {
  const text = score.toFixed(2);
  return text.startsWith("0.") && text !== "0.00" ? text.slice(1) : text === "0.00" ? "0" : text === "1.00" ? "1" : text;
}
