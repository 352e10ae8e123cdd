import { beforeEach, expect, test } from "vitest";
import { begin, disagrees, isEmpty, keepRequest, NO_DRAFT, showsHand, step, storeDraft, storedDraft, type Settings } from "./draft";

const OWN: Settings = {
  thetaScale: 1,
  detection: { alpha: 0.55, off_ratio: 0.8, on_steps: 2, off_steps: 2, cooldown_steps: 0, min_s: 0.2, max_s: null },
  refinement: { rest: 0.35, dip: 1.2, smooth_s: 0.14, min_piece_s: 0.2, hold_s: 0.3 },
};
const smoother: Settings = { ...OWN, detection: { ...OWN.detection, alpha: 0.2 } };
const higher: Settings = { ...OWN, thetaScale: 1.4 };
const pieces = [{ start_s: 1, end_s: 2, origin: 7 }];

const slide = (settings: Settings, at: number, what = "alpha") => ({ kind: "settings", settings, what, at }) as const;
const cut = (at: number) => ({ kind: "hand", pieces, what: `cut ${at}`, at }) as const;

beforeEach(() => localStorage.clear());

test("one drag of a slider is one step back, two drags are two", () => {
  let history = begin();
  for (let i = 0; i < 20; i += 1) history = step(history, slide({ ...OWN, thetaScale: 1 + i / 20 }, i * 16, "theta"));
  history = step(history, slide(smoother, 400));
  expect(history.past).toHaveLength(2);
  history = step(history, { kind: "undo" });
  expect(history.present.settings?.thetaScale).toBe(1.95);
  history = step(history, { kind: "undo" });
  expect(history.present).toEqual(NO_DRAFT);
  history = step(step(history, { kind: "redo" }), { kind: "redo" });
  expect(history.present.settings).toEqual(smoother);
});

test("the same slider taken up again later is a step of its own", () => {
  const history = step(step(begin(), slide(smoother, 0)), slide(higher, 5000));
  expect(history.past).toHaveLength(2);
});

test("after a step back, a change leaves nothing to do again", () => {
  let history = step(step(begin(), slide(smoother, 0)), { kind: "undo" });
  history = step(history, slide(higher, 100, "theta"));
  expect(history.future).toEqual([]);
  expect(step(history, { kind: "redo" })).toBe(history);
});

test("cuts by hand go on from what the sliders made, and are kept with it", () => {
  const { present } = step(step(begin(), slide(higher, 0)), cut(10));
  expect(disagrees(present)).toBe(false);
  expect(keepRequest(present, OWN, 5)).toEqual({ theta_scale: 1.4, cuts: { "5": [[1, 2]] } });
});

test("a slider moved after cuts by hand loses neither, and asks", () => {
  let history = step(step(begin(), cut(0)), slide(smoother, 10));
  expect(disagrees(history.present)).toBe(true);
  expect(showsHand(history.present)).toBe(true);
  expect(keepRequest(history.present, OWN, 5)).toEqual({ theta_scale: 1, cuts: { "5": [[1, 2]] } });
  history = step(history, { kind: "show", shown: "settings" });
  expect(keepRequest(history.present, OWN, 5)).toEqual({ theta_scale: 1, detection: smoother.detection });
  expect(history.present.hand?.pieces).toEqual(pieces);
  history = step(history, { kind: "show", shown: "hand" });
  expect(keepRequest(history.present, OWN, 5)).toEqual({ theta_scale: 1, cuts: { "5": [[1, 2]] } });
});

test("reset can be taken back", () => {
  const drafted = step(step(begin(), slide(smoother, 0)), cut(10));
  const reset = step(drafted, { kind: "reset" });
  expect(isEmpty(reset.present)).toBe(true);
  expect(step(reset, { kind: "undo" }).present).toEqual(drafted.present);
});

test("what is as the run has it is not asked for", () => {
  expect(keepRequest(NO_DRAFT, OWN, 5)).toEqual({ theta_scale: 1 });
  expect(keepRequest({ ...NO_DRAFT, settings: higher }, OWN, 5)).toEqual({ theta_scale: 1.4 });
});

test("a draft is there again after the page was left, its own run's and video's", () => {
  const { present } = step(step(begin(), slide(smoother, 0)), cut(10));
  storeDraft(7, 1, present);
  expect(storedDraft(7, 1)).toEqual(present);
  expect(storedDraft(7, 2)).toBeNull();
  storeDraft(7, 1, NO_DRAFT);
  expect(localStorage.length).toBe(0);
});

test.each(["", "null", "{", '{"settings":{"thetaScale":"x"},"hand":null,"shown":"settings"}', '{"settings":null,"hand":{"pieces":[{}],"base":null},"shown":"hand"}'])(
  "nonsense in the storage is no draft: %s",
  (text) => {
    localStorage.setItem("kineme.draft.7.1", text);
    expect(storedDraft(7, 1)).toBeNull();
  },
);
