import { expect, test } from "vitest";
import { figuresOf, formatScore, scoresOf } from "./figures";

const of = (...times: [number, number][]) => times.map(([start_s, end_s]) => ({ start_s, end_s }));

test("count, mean and durations", () => {
  const figures = figuresOf(of([0, 1], [1, 1.1], [2, 62]));
  expect(figures.n).toBe(3);
  expect(figures.meanS).toBeCloseTo(61.1 / 3);
  expect(figures.histogram.reduce((a, b) => a + b)).toBe(3);
  expect(figures.histogram[0]).toBe(1);
  expect(figures.histogram[5]).toBe(1); // a second is the beginning of its bin
  expect(figures.histogram.at(-1)).toBe(1);
  expect(figuresOf([]).meanS).toBeNull();
});

test("boundaries are scored by the ends, those of the video left out", () => {
  // Ends 2 and 5 against 2.4 and 6; 10 is the video's own. Within 0.5 s one of two pairs, within 1 s both.
  expect(scoresOf(of([1, 2], [3, 5], [8, 10]), of([1, 2.4], [4, 6]), 10)).toEqual({ half: 0.5, one: 1 });
});

test("scores as they are read", () => {
  expect([0, 0.004, 0.7149, 1].map(formatScore)).toEqual(["0", "0", ".71", "1"]);
});
