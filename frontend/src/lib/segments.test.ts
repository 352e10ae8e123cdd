import { expect, test } from "vitest";
import { edgeFrom, indexAt, nextIndex, previousIndex } from "./segments";

const items = [
  { start_s: 1, end_s: 2 },
  { start_s: 2, end_s: 3.5 },
  { start_s: 6, end_s: 7 },
];

test("an interval holds its start and not its end", () => {
  expect(indexAt(items, 1)).toBe(0);
  expect(indexAt(items, 2)).toBe(1);
  expect(indexAt(items, 3.5)).toBe(-1);
  expect(indexAt(items, 0)).toBe(-1);
});

test("next and previous go from where we are, inside or between", () => {
  expect(nextIndex(items, 1.5)).toBe(1);
  expect(nextIndex(items, 6.5)).toBe(-1);
  expect(previousIndex(items, 2.5)).toBe(0);
  expect(previousIndex(items, 5)).toBe(1);
  expect(previousIndex(items, 0.5)).toBe(-1);
});

test("edges are found in both directions", () => {
  expect(edgeFrom(items, 2.5, 1, 30)).toBe(3.5);
  expect(edgeFrom(items, 2.5, -1, 30)).toBe(2);
  expect(edgeFrom(items, 7, 1, 30)).toBeNull();
});

test.each([10, 24, 30, 60])("an edge is left by one press and reached from the frame beside it, at %i frames a second", (fps) => {
  const on = 3.5 + 0.5 / fps; // as a press that led there left the clock
  expect(edgeFrom(items, on, 1, fps)).toBe(6);
  expect(edgeFrom(items, on, -1, fps)).toBe(2);
  expect(edgeFrom(items, on - 1 / fps, 1, fps)).toBe(3.5);
  expect(edgeFrom(items, on + 1 / fps, -1, fps)).toBe(3.5);
});
