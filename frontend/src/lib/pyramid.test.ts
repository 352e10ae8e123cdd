import { expect, test } from "vitest";
import { makePyramid } from "./pyramid";

/** Numbers in 0..1 that are the same each time. */
function values(n: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length: n }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  });
}

test("the least and greatest of any stretch are those of its values", () => {
  for (const n of [1, 2, 3, 7, 64, 65, 1000]) {
    const series = values(n);
    const pyramid = makePyramid(series);
    for (let start = 0; start < n; start += Math.ceil(n / 13)) {
      for (let stop = start + 1; stop <= n; stop += Math.ceil(n / 17)) {
        const part = series.subarray(start, stop);
        expect(pyramid.range(start, stop)).toEqual({ min: Math.min(...part), max: Math.max(...part) });
      }
    }
  }
});

test("columns cover every value that is in view, and none is lost between two", () => {
  const series = values(1000);
  series[617] = 5;
  const { min, max } = makePyramid(series).columns(100, 900, 37);
  expect(Math.max(...max)).toBe(5);
  expect(max.filter((one) => one === 5)).toHaveLength(1);
  expect(Math.min(...min)).toBe(Math.min(...series.subarray(100, 900)));
});

test("closer than a value per column, a value fills its columns", () => {
  const { min, max } = makePyramid(Float32Array.of(1, 2, 3, 4)).columns(1, 3, 4);
  expect([...min]).toEqual([2, 2, 3, 3]);
  expect([...max]).toEqual([2, 2, 3, 3]);
});

test("beside the series and in an empty one there is nothing", () => {
  expect([...makePyramid(Float32Array.of(1, 2)).columns(-2, 4, 3).max]).toEqual([Number.NaN, 2, Number.NaN]);
  expect([...makePyramid(new Float32Array(0)).columns(0, 1, 2).min]).toEqual([Number.NaN, Number.NaN]);
});

test("columns may be given by their bounds", () => {
  const { max } = makePyramid(Float32Array.of(1, 5, 2, 7, 3)).columnsAt([0, 2, 2, 5]);
  expect([...max]).toEqual([5, 2, 7]);
});
