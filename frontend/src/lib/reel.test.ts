import { afterEach, expect, test, vi } from "vitest";
import { Beat, Reel } from "./reel";

afterEach(() => void vi.useRealTimers());

const play = (reel: Reel<string>, ...times: number[]) => times.forEach((atS) => reel.see(atS, () => `at ${atS}`));

test("a round that brings nothing new makes it whole", () => {
  const reel = new Reel<string>();
  play(reel, 0, 0.1, 0.2);
  expect(reel.whole).toBe(false);
  play(reel, 0, 0.1, 0.2);
  expect(reel.whole).toBe(false); // that round may still go on
  play(reel, 0);
  expect(reel.whole).toBe(true);
  expect(reel.pictures).toEqual(["at 0", "at 0.1", "at 0.2"]);
});

test("what was skipped comes in its place later", () => {
  const reel = new Reel<string>();
  play(reel, 0.1, 0.3, 0, 0.2, 0.3, 0, 0.1, 0.2, 0.3);
  expect(reel.whole).toBe(false);
  play(reel, 0);
  expect(reel.whole).toBe(true);
  expect(reel.pictures).toEqual(["at 0", "at 0.1", "at 0.2", "at 0.3"]);
});

test("begun in the middle, the first round does not count", () => {
  const reel = new Reel<string>();
  play(reel, 0.2, 0, 0.2, 0);
  expect(reel.whole).toBe(false); // 0 was new in the round that has just ended
  play(reel, 0.2, 0);
  expect(reel.whole).toBe(true);
});

test("one picture is asked for once", () => {
  const reel = new Reel<string>();
  const take = vi.fn(() => "picture");
  for (const atS of [0, 0.1, 0, 0.1, 0]) reel.see(atS, take);
  expect(take).toHaveBeenCalledTimes(2);
});

test("the picture at a time is the last one begun", () => {
  const reel = new Reel<string>();
  play(reel, 0.1, 0.2, 0.5);
  expect([0, 0.1, 0.19, 0.2, 0.49, 0.5, 9].map((timeS) => reel.at(timeS))).toEqual([0, 0, 0, 1, 1, 2, 2]);
});

test("all move in one beat, which rests when nobody is left", () => {
  vi.useFakeTimers();
  const beat = new Beat(100);
  const moved: string[] = [];
  const outA = beat.add(() => moved.push("a"));
  vi.advanceTimersByTime(50);
  const outB = beat.add(() => moved.push("b"));
  vi.advanceTimersByTime(50);
  expect(moved).toEqual(["a", "b"]);
  outA();
  vi.advanceTimersByTime(100);
  expect(moved).toEqual(["a", "b", "b"]);
  outB();
  expect(vi.getTimerCount()).toBe(0);
  beat.add(() => moved.push("c"));
  vi.advanceTimersByTime(100);
  expect(moved.at(-1)).toBe("c");
});
