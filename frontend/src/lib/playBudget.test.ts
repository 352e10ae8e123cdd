import { expect, test } from "vitest";
import { PlayBudget } from "./playBudget";

test("only so many play at once, and the longest waiting comes next", () => {
  const budget = new PlayBudget(2);
  const playing: string[] = [];
  const ask = (name: string) => budget.request((play) => play && playing.push(name));
  const first = ask("a");
  ask("b");
  ask("c");
  ask("d");
  expect(playing).toEqual(["a", "b"]);
  first();
  expect(playing).toEqual(["a", "b", "c"]);
  expect(budget.playing).toBe(2);
});

test("who leaves the queue is not called", () => {
  const budget = new PlayBudget(1);
  const playing: string[] = [];
  const first = budget.request((play) => play && playing.push("a"));
  const second = budget.request((play) => play && playing.push("b"));
  budget.request((play) => play && playing.push("c"));
  second();
  first();
  expect(playing).toEqual(["a", "c"]);
});
