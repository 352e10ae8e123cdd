import { expect, test } from "vitest";
import { Camera, makeCloud } from "./points";

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
