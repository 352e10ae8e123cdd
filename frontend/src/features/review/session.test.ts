import { expect, test } from "vitest";
import type { QueuedSegment } from "../../api/types";
import { queued } from "../../testing/fixtures";
import { after, begun, isUnsent, matching, nudged, shown, withDigits, type Sitting, type Step } from "./session";

const rows = (...ids: number[]): QueuedSegment[] => ids.map((id) => queued({ id }));
const played = (...steps: Step[]): Sitting => steps.reduce(after, after(begun(), { do: "arrive", rows: rows(1, 2, 3) }));
const quality = (value: number): Step => ({ do: "change", by: { quality: value }, seconds: 1 });
const confidence = (value: number): Step => ({ do: "change", by: { confidence: value }, seconds: 2.5 });

test("quality and confidence together finish a primitive, in either order, and the next one is there", () => {
  for (const steps of [[quality(3), confidence(2)], [confidence(2), quality(3)]]) {
    const sitting = played(...steps);
    expect(shown(sitting)?.id).toBe(2);
    expect(sitting.past).toHaveLength(1);
    expect(sitting.past[0]).toMatchObject({ answer: { quality: 3, confidence: 2, skipped: false }, changes: 1, sent: 0 });
    expect(sitting.answer.quality).toBeNull();
  }
  expect(shown(played(quality(3)))?.id).toBe(1);
});

test("the label is what its cluster is called until somebody says otherwise", () => {
  const named = queued({ id: 1, action: { id: 7, name: "Grip", colour: 0 } });
  const sitting = after(begun(), { do: "arrive", rows: [named, ...rows(2)] });
  expect(sitting.answer.action).toBe(7);
  const judged = [quality(2), confidence(1)].reduce(after, sitting);
  expect(judged.past[0]!.answer.action).toBe(7);
  expect(judged.answer.action).toBeNull();
});

test("back shows the one before with its answer, which may be changed, and forward again", () => {
  let sitting = played(quality(3), confidence(2), { do: "skip", seconds: 1 }, { do: "back" }, { do: "back" });
  expect(shown(sitting)?.id).toBe(1);
  expect(sitting.answer.quality).toBe(3);
  sitting = after(after(sitting, { do: "sent", segment: 1, changes: 1 }), quality(1));
  expect(shown(sitting)?.id).toBe(1);
  expect(isUnsent(sitting.past[0]!)).toBe(true);
  sitting = after(sitting, confidence(0));
  expect(shown(sitting)?.id).toBe(2);
  expect(sitting.answer.skipped).toBe(true);
  sitting = [quality(2), confidence(2)].reduce(after, sitting);
  expect(sitting.past[1]!.answer).toMatchObject({ quality: 2, confidence: 2, skipped: false });
  expect(shown(sitting)?.id).toBe(3);
  expect(after(sitting, { do: "forward" })).toBe(sitting);
});

test("what the server has not taken stays unsent, also when it was changed while it was sent", () => {
  const sitting = played(quality(3), confidence(2), { do: "back" }, quality(0), { do: "sent", segment: 1, changes: 1 });
  expect(isUnsent(sitting.past[0]!)).toBe(true);
  const refused = after(sitting, { do: "refused", segment: 1, changes: 2, why: "No." });
  expect(refused.past[0]).toMatchObject({ refused: "No.", sent: 1, changes: 2 });
  expect(after(refused, { do: "again" }).past[0]!.refused).toBeNull();
  const discarded = after(refused, { do: "discard", segment: 1 });
  expect([discarded.past.length, shown(discarded)?.id]).toEqual([0, 2]);
});

test("what arrives twice, or was judged, comes once, and never moves the present one", () => {
  const sitting = after(played(quality(3), confidence(2), quality(1)), { do: "arrive", rows: rows(9, 1, 2, 3, 4) });
  expect(sitting.line.map(({ id }) => id)).toEqual([2, 3, 9, 4]);
  expect(sitting.answer.quality).toBe(1);
});

test("an edge goes by steps of the stream and never past the other", () => {
  const times = [0.1, 0.2, 0.3, 0.45, 0.6, 0.7];
  const edges = { startS: 0.2, endS: 0.6 };
  expect(nudged(times, edges, "start", 1)).toBe(0.3);
  expect(nudged(times, edges, "start", -1)).toBe(0.1);
  expect(nudged(times, edges, "end", -1)).toBe(0.45);
  expect(nudged(times, edges, "start", 5)).toBe(0.2);
  expect(nudged(times, { startS: 0.25, endS: 0.6 }, "start", 1)).toBe(0.3);
  expect(nudged(times, { startS: 0.25, endS: 0.6 }, "start", -1)).toBe(0.2);
  expect(nudged(null, edges, "end", 2)).toBeCloseTo(0.8);
});

test("labels without a digit get those that are left, and typing finds those that begin with it first", () => {
  const label = (id: number, name: string, digit: number | null = null) => ({ id, name, colour: 0, digit });
  const labels = withDigits([label(1, "Turn screw", 2), label(2, "Screw in"), label(3, "Grip")]);
  expect(labels.map(({ digit }) => digit)).toEqual([2, 1, 3]);
  expect(matching(labels, "scr").map(({ name }) => name)).toEqual(["Screw in", "Turn screw"]);
});
