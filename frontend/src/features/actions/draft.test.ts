import { expect, test } from "vitest";
import { changedIn, shownColour, whatHappensToKey, type ActionDraft } from "./draft";

const seen: ActionDraft = { name: "Grasp", description: "", subject: "", verb: "", object: "", primitive: "", colour: 0, digit: null, examples: [1] };

test("only what differs is sent, without the blanks around it", () => {
  expect(changedIn(seen, { ...seen })).toEqual({});
  expect(changedIn(seen, { ...seen, name: " Grasp " })).toEqual({});
  expect(changedIn(seen, { ...seen, name: " Take", digit: 0, examples: [1, 2] })).toEqual({ name: "Take", digit: 0, examples: [1, 2] });
  expect(changedIn({ ...seen, digit: 0 }, { ...seen, digit: null })).toEqual({ digit: null });
});

test("a swap of keys is said before it happens", () => {
  const others = [{ name: "Place", digit: 2 }];
  expect(whatHappensToKey(1, 2, others)).toBe("“Place” has the key 2 now and gets 1 for it.");
  expect(whatHappensToKey(0, 2, others)).toBe("“Place” has the key 2 now and gets 0 for it.");
  expect(whatHappensToKey(null, 2, others)).toBe("“Place” has the key 2 now and will have none.");
  expect(whatHappensToKey(1, 3, others)).toBeNull();
  expect(whatHappensToKey(1, null, others)).toBeNull();
});

test("a colour beyond the palette is the one it looks like", () => {
  expect([0, 11, 12, 23, 27].map(shownColour)).toEqual([0, 11, 12, 23, 15]);
});
