import { expect, test } from "vitest";
import { differences, isKept, timeOf, wordsOf } from "./boundaries";

const kept = { a_s: 1, b_s: 1.01, moved_s: 0.01 };
const earlier = { a_s: 3, b_s: 2.5, moved_s: -0.5 };
const alone = { a_s: null, b_s: 7, moved_s: null };

test("what is off by a frame was kept and is no difference", () => {
  expect([kept, earlier, alone].map(isKept)).toEqual([true, false, false]);
  expect(differences([kept, earlier, alone]).map(({ start_s, end_s }) => [start_s, end_s])).toEqual([
    [2.5, 3],
    [7, 7.06],
  ]);
});

test("a boundary says how far it moved, or whose it is", () => {
  expect(wordsOf(earlier, 1, 2)).toBe("−0.500 s");
  expect(wordsOf(kept, 1, 2)).toBe("+0.010 s");
  expect(wordsOf(alone, 1, 2)).toBe("only run 2");
  expect(timeOf(alone)).toBe(7);
});
