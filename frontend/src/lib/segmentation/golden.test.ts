// The same files as tests/ml/test_golden_segmentation.py: both languages give these indices and these times, exactly.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { boundaryF1, countedEnds } from "./boundaries";
import { cut } from "./cut";
import { detect, smooth } from "./detect";
import { Gaussian, refine } from "./refine";
import type { Detection, Interval, Params, Refinement, Trace } from "./types";

interface CutCase {
  name: string;
  start_s: number;
  theta_on: number;
  detection: Detection;
  refinement: Refinement;
  times_s: number[];
  energy: number[];
  smoothed: number[];
  detected: number[][];
  cut: number[][];
}

function cases<T>(name: string): T[] {
  const file = join(process.cwd(), "..", "tests", "golden", "segmentation", `${name}.json`);
  return (JSON.parse(readFileSync(file, "utf8")) as { cases: T[] }).cases;
}

const rows = (found: readonly Interval[]) => found.map(({ first, stop, startS, endS }) => [first, stop, startS, endS]);

test.each([...cases<CutCase>("hand_made"), ...cases<CutCase>("drawn")])("$name", (golden) => {
  const trace: Trace = {
    startS: golden.start_s,
    timesS: Float64Array.from(golden.times_s),
    energy: Float32Array.from(golden.energy),
  };
  const params: Params = { thetaOn: golden.theta_on, detection: golden.detection, refinement: golden.refinement };
  expect(smooth(trace.energy, golden.detection.alpha)).toEqual(Float32Array.from(golden.smoothed));
  const found = detect(trace, params);
  expect(rows(found)).toEqual(golden.detected);
  expect(rows(refine(found, trace, params))).toEqual(golden.cut);
  expect(rows(cut(trace, params))).toEqual(golden.cut);
});

test("values are smoothed both ways to the same bits", () => {
  const gaussian = new Gaussian(); // one for all, as in a video
  for (const golden of cases<{ sigma_steps: number; values: number[]; smoothed: number[] }>("smoothed")) {
    const values = Float32Array.from([9, ...golden.values, 9]);
    const found = gaussian.smooth(values, 1, values.length - 1, golden.sigma_steps);
    expect(found.slice(0, golden.values.length)).toEqual(Float32Array.from(golden.smoothed));
  }
});

interface ScoreCase {
  found: number[];
  truth: number[];
  duration_s: number;
  found_ends: number[];
  truth_ends: number[];
  f1: Record<string, number>;
}

test("boundaries are scored as the evaluation scores them", () => {
  for (const golden of cases<ScoreCase>("boundaries")) {
    const found = countedEnds(golden.found, golden.duration_s);
    const truth = countedEnds(golden.truth, golden.duration_s);
    expect([...found]).toEqual(golden.found_ends);
    expect([...truth]).toEqual(golden.truth_ends);
    for (const [toleranceS, f1] of Object.entries(golden.f1)) expect(boundaryF1(found, truth, Number(toleranceS))).toBe(f1);
  }
});
