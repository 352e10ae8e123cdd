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

test("all stand still while the page is held, and who gets a turn then waits", () => {
  const budget = new PlayBudget(2);
  const seen: string[] = [];
  const ask = (name: string) => budget.request((play) => seen.push(`${name} ${play ? "plays" : "rests"}`));
  const first = ask("a");
  budget.hold(true);
  ask("b");
  ask("c");
  first();
  expect(seen).toEqual(["a plays", "a rests"]);
  budget.hold(false);
  expect(seen.slice(2)).toEqual(["b plays", "c plays"]);
});
