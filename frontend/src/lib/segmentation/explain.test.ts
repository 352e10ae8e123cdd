import { expect, test } from "vitest";
import { cut } from "./cut";
import { explain } from "./explain";
import type { Detection, Params, Refinement, Trace } from "./types";

/** Step k lasts from k/10 to (k + 1)/10 seconds. */
const trace = (...energy: number[]): Trace => ({
  startS: 0,
  timesS: Float64Array.from(energy, (_, k) => (k + 1) / 10),
  energy: Float32Array.from(energy),
});

const params = (detection: Partial<Detection> = {}, refinement: Partial<Refinement> = {}): Params => ({
  thetaOn: 1,
  detection: { alpha: 1, off_ratio: 0.5, on_steps: 2, off_steps: 2, cooldown_steps: 0, min_s: 0, max_s: null, ...detection },
  refinement: { rest: null, dip: null, smooth_s: 0.001, min_piece_s: 0, hold_s: 0, ...refinement },
});

test("a threshold's edges show the steps that were counted", () => {
  const made = trace(0, 0, 2, 3, 2, 0.2, 0.1, 0);
  const [begin, end] = explain(made, params(), { startS: 0.2, endS: 0.5 });
  expect(begin).toMatchObject({ side: "begin", rule: "threshold", timeS: 0.2, step: 2, threshold: 1, crossingS: 0.2, needed: 2 });
  expect(begin!.decidedS).toBe(0.4); // the second of the high steps is known here
  expect(begin!.steps.map(({ speaks, run, state }) => [speaks, run, state])).toEqual([
    [false, 0, "off"],
    [false, 0, "off"],
    [true, 1, "off"],
    [true, 2, "on"],
    [false, 0, "on"],
    [true, 1, "on"],
    [true, 2, "off"],
    [false, 0, "off"],
  ]);
  expect(end).toMatchObject({ side: "end", rule: "threshold", timeS: 0.5, step: 5, threshold: 0.5, crossingS: 0.5, decidedS: 0.7 });
});

test("a held end names the rule under it and where that put the end", () => {
  const [end] = explain(trace(2, 2, 0, 0, 0, 0, 0), params({}, { hold_s: 0.2 }), 0.4);
  expect(end).toMatchObject({ side: "end", rule: "hold", madeBy: "threshold", timeS: 0.4, madeAtS: 0.2, crossingS: 0.2, step: 2 });
});

test("rest, dips, the greatest length and the video's end are told apart", () => {
  const rest = explain(trace(3, 3, 0.1, 3, 3, 3), params({ off_steps: 9 }, { rest: 0.3 }), { startS: 0.3, endS: 0.6 });
  expect(rest.map(({ rule, threshold }) => [rule, threshold])).toEqual([
    ["rest", 0.3],
    ["end of video", null],
  ]);
  const dip = explain(trace(3, 3, 1, 1, 2, 3, 3), params({}, { dip: 1 }), 0.5);
  expect(dip.map(({ side, rule }) => [side, rule])).toEqual([
    ["end", "dip"],
    ["begin", "dip"],
  ]);
  expect(dip[0]!.dip).toEqual({ highest: 3, highestS: 0.1, lowest: 1, lowestS: 0.3, value: 2, depth: 1 });
  const long = explain(trace(2, 2, 2, 2, 2), params({ max_s: 0.3 }), 0.3);
  expect(long.map(({ side, rule, threshold, decidedS }) => [side, rule, threshold, decidedS])).toEqual([
    ["end", "max length", null, 0.3],
    ["begin", "max length", null, 0.3],
  ]);
});

test("a cooldown's steps speak and do not count", () => {
  const [begin] = explain(trace(2, 2, 0, 0, 2, 2, 2, 0, 0), params({ cooldown_steps: 1 }), 0.5);
  expect(begin!.steps.find((one) => one.step === 4)).toMatchObject({ cooldown: true, speaks: true, run: 0, state: "off" });
});

test("an edge no rule made was set by hand, and a time without an edge has nothing to explain", () => {
  const made = trace(0, 2, 2, 0, 0);
  expect(explain(made, params(), 0.2)).toEqual([]);
  expect(explain(made, params(), { timeS: 0.2, side: "begin" })[0]).toMatchObject({ rule: "hand", madeBy: null, step: 2, threshold: null });
  expect(explain(trace(), params(), 0.2)).toEqual([]);
});

test("every edge of a cut video has a rule", () => {
  let state = 3;
  const next = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  const made = trace(...Array.from({ length: 400 }, (_, k) => next() * (k % 40 < 20 ? 3 : 0.4)));
  const asked = params({ alpha: 0.55, off_ratio: 0.8, max_s: 1.5 }, { rest: 0.35, dip: 0.8, smooth_s: 0.1, hold_s: 0.3 });
  const found = cut(made, asked);
  expect(found.length).toBeGreaterThan(20);
  for (const one of found) {
    const [begin, end] = explain(made, asked, one);
    expect(begin!.timeS).toBe(one.startS);
    expect(end!.timeS).toBe(one.endS);
    expect(begin!.rule).not.toBe("hand");
    expect(end!.rule).not.toBe("hand");
    expect(begin!.steps.some(({ step }) => step === begin!.step)).toBe(true);
  }
});
