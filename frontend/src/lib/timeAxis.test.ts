import { expect, test, vi } from "vitest";
import { rulerTicks, TimeAxis } from "./timeAxis";

test("pixels and seconds map onto each other and back", () => {
  const axis = new TimeAxis(100);
  expect(axis.toX(25, 800)).toBe(200);
  expect(axis.toTime(200, 800)).toBe(25);
  axis.zoomAt(40, 4);
  for (const time of [35, 40, 52.5]) expect(axis.toTime(axis.toX(time, 613), 613)).toBeCloseTo(time, 9);
});

test("a press outside the drawing is a moment of the video", () => {
  const axis = new TimeAxis(100);
  expect(axis.toTime(-50, 800)).toBe(0);
  expect(axis.toTime(900, 800)).toBe(100);
});

test("zooming keeps the moment under the pointer under the pointer", () => {
  const axis = new TimeAxis(100);
  const before = axis.toX(30, 1000);
  axis.zoomAt(30, 2.5);
  expect(axis.span).toBeCloseTo(40);
  expect(axis.toX(30, 1000)).toBeCloseTo(before);
});

test("nobody zooms out past the video or pans off it", () => {
  const axis = new TimeAxis(100);
  axis.zoomAt(50, 0.1);
  expect(axis.range).toEqual({ startS: 0, endS: 100 });
  axis.zoomAt(50, 2);
  axis.panBy(-1000);
  expect(axis.range).toEqual({ startS: 0, endS: 50 });
  axis.panBy(1000);
  expect(axis.range).toEqual({ startS: 50, endS: 100 });
});

test("revealing what is in view moves nothing", () => {
  const axis = new TimeAxis(100);
  axis.zoomAt(50, 2); // 25..75
  const listener = vi.fn();
  axis.subscribe(listener);
  axis.reveal(30, 40);
  expect(listener).not.toHaveBeenCalled();
  axis.reveal(80, 90);
  expect(axis.range).toEqual({ startS: 50, endS: 100 });
});

test("the page turns when the playhead leaves it", () => {
  const axis = new TimeAxis(100);
  axis.zoomAt(0, 10); // 0..10
  axis.follow(9.9);
  expect(axis.range.startS).toBe(0);
  axis.follow(10.1);
  expect(axis.range.startS).toBeCloseTo(9.6);
});

test("ruler ticks are round and far enough apart", () => {
  expect(rulerTicks({ startS: 0, endS: 60 }, 600)).toEqual([0, 10, 20, 30, 40, 50, 60]);
  const fine = rulerTicks({ startS: 12.3, endS: 13.3 }, 900);
  expect(fine[0]).toBeCloseTo(12.3);
  expect(fine[1]).toBeCloseTo(12.4); // a tenth of a second takes 90 px
});
