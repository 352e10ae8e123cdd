import { expect, test } from "vitest";
import { Camera, drawingOrder, makeCloud, placeWithoutOverlap, shuffled } from "./points";

test("the cloud fits the unit square with its aspect kept", () => {
  const { positions } = makeCloud([0, 10], [0, 5]);
  expect([...positions]).toEqual([0, 0.25, 1, 0.75]);
});

test("one point sits in the middle of nothing to measure by", () => {
  const { positions } = makeCloud([3], [4]);
  expect(positions[0]).toBeGreaterThanOrEqual(0);
  expect(positions[0]).toBeLessThanOrEqual(1);
});

test("the nearest point is the one a look at all of them would find", () => {
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const x = Array.from({ length: 400 }, random);
  const y = Array.from({ length: 400 }, random);
  const cloud = makeCloud(x, y);
  for (let probe = 0; probe < 50; probe += 1) {
    const [px, py] = [random(), random()];
    let best = -1;
    let distance = 0.08;
    for (let i = 0; i < cloud.count; i += 1) {
      const here = Math.hypot(cloud.positions[2 * i]! - px, cloud.positions[2 * i + 1]! - py);
      if (here <= distance) [best, distance] = [i, here];
    }
    expect(cloud.grid.nearest(px, py, 0.08)).toBe(best);
  }
});

test("screen and data map onto each other, and zoom keeps what is under the pointer", () => {
  const camera = new Camera();
  const before = camera.toData(120, 300, 640, 480);
  camera.zoomAt(120, 300, 3, 640, 480);
  const after = camera.toData(120, 300, 640, 480);
  expect(after[0]).toBeCloseTo(before[0]);
  expect(after[1]).toBeCloseTo(before[1]);
  const [px, py] = camera.toScreen(after[0], after[1], 640, 480);
  expect(px).toBeCloseTo(120);
  expect(py).toBeCloseTo(300);
});

test("up in the data is up on the screen", () => {
  const camera = new Camera();
  expect(camera.toScreen(0.5, 1, 400, 400)[1]).toBeLessThan(camera.toScreen(0.5, 0, 400, 400)[1]);
});

test("what is in a rectangle is found, unless it is too much", () => {
  const cloud = makeCloud([0, 0.2, 0.5, 1], [0, 0.2, 0.5, 1]);
  expect(cloud.grid.within(0.1, 0.1, 0.6, 0.6, 10)).toEqual([1, 2]);
  expect(cloud.grid.within(-5, -5, 5, 5, 4)).toEqual([0, 1, 2, 3]);
  expect(cloud.grid.within(-5, -5, 5, 5, 3)).toBeNull();
});

test("a place in the square leads back to the numbers it was made from", () => {
  const cloud = makeCloud([-3, 7], [20, 22]);
  expect(cloud.toGiven(cloud.positions[0]!, cloud.positions[1]!)).toEqual([expect.closeTo(-3), expect.closeTo(20)]);
  expect(cloud.toGiven(cloud.positions[2]!, cloud.positions[3]!)).toEqual([expect.closeTo(7), expect.closeTo(22)]);
});

test.each([0, 1, 2, 13, 21, 1000])("%i points are each drawn once, the chosen ones last", (n) => {
  const front = Uint32Array.from({ length: Math.floor(n / 3) }, (_, i) => 3 * i);
  const { order, behind } = drawingOrder(shuffled(n), front);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  expect(behind).toBe(n - front.length);
  expect([...order.slice(behind)].sort((a, b) => a - b)).toEqual([...front]);
  expect(drawingOrder(shuffled(n), null).behind).toBe(0);
});

test("pictures do not overlap, and stay where they were", () => {
  const places = [
    [0, 0],
    [10, 5],
    [90, 0],
    [95, 50],
  ] as const;
  const place = (before: number[], most = 9) => placeWithoutOverlap([0, 1, 2, 3], new Set(before), (point) => places[point]!, 80, 45, most);
  expect(place([])).toEqual([0, 2, 3]);
  expect(place([1])).toEqual([1, 2, 3]);
  expect(place([], 1)).toEqual([0]);
});
