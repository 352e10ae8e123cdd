import { expect, test } from "vitest";
import { crossingNear, frameNear, minimumNear } from "./snap";

const curve = { timesS: [0, 1, 2, 3, 4, 5, 6], values: [5, 3, 1, 1, 4, 2, 6] };

test("the nearest valley, not the nearest low value", () => {
  expect(minimumNear(curve, 2.6)).toBe(2);
  expect(minimumNear(curve, 4)).toBe(5);
  expect(minimumNear(curve, 0, 1)).toBeNull();
});

test("the nearest crossing, between two steps", () => {
  expect(crossingNear(curve, [2.5], 3.2)).toBeCloseTo(3.5); // from 1 to 4
  expect(crossingNear(curve, [2, 2.5], 3.2)).toBeCloseTo(3 + 1 / 3);
  expect(crossingNear(curve, [9], 3)).toBeNull();
});

test("the nearest frame", () => {
  expect(frameNear(1.02, 30)).toBeCloseTo(31 / 30);
});
