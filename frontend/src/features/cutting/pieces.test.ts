import { expect, test } from "vitest";
import { add, edgeNear, fromSaved, isChanged, mergeWithNext, moveEdge, remove, splitAt, withOrigins, type Piece } from "./pieces";

const FRAME = 1 / 30;
const saved = [
  { id: 1, start_s: 1, end_s: 2 },
  { id: 2, start_s: 2, end_s: 4 }, // touches the first
  { id: 3, start_s: 6, end_s: 9 },
];
const pieces = fromSaved(saved);
const times = (list: readonly Piece[] | undefined) => list?.map(({ start_s, end_s }) => [start_s, end_s]);

test("an edge goes where it is put, between its neighbours and itself", () => {
  expect(times(moveEdge(pieces, 2, "start", 5, FRAME, 10)?.pieces)?.[2]).toEqual([5, 9]);
  expect(times(moveEdge(pieces, 2, "start", 3, FRAME, 10)?.pieces)?.[2]).toEqual([4, 9]);
  expect(times(moveEdge(pieces, 2, "end", 30, FRAME, 10)?.pieces)?.[2]).toEqual([6, 10]);
  expect(times(moveEdge(pieces, 2, "start", 9, FRAME, 10)?.pieces)?.[2]![0]).toBeCloseTo(9 - FRAME);
  expect(moveEdge(pieces, 2, "end", 9, FRAME, 10)).toBeNull();
  expect(times(moveEdge(pieces, 0, "start", -1, FRAME, 10)?.pieces)?.[0]).toEqual([0, 2]);
});

test("a boundary that two share moves for both, until one has but a frame left", () => {
  expect(times(moveEdge(pieces, 0, "end", 2.5, FRAME, 10)?.pieces)).toEqual([[1, 2.5], [2.5, 4], [6, 9]]);
  expect(times(moveEdge(pieces, 1, "start", 0, FRAME, 10)?.pieces)?.[0]![1]).toBeCloseTo(1 + FRAME);
});

test("a split gives the longer half its name", () => {
  const split = splitAt(pieces, 8, FRAME);
  expect(split?.pieces.slice(2)).toEqual([
    { start_s: 6, end_s: 8, origin: 3 },
    { start_s: 8, end_s: 9, origin: null },
  ]);
  expect(split?.atS).toBe(8.5);
  expect(splitAt(pieces, 5, FRAME)).toBeNull(); // in a gap
  expect(splitAt(pieces, 6.01, FRAME)).toBeNull(); // less than a frame
});

test("a merge takes the gap too, and the longer one's name", () => {
  expect(mergeWithNext(pieces, 1)?.pieces[1]).toEqual({ start_s: 2, end_s: 9, origin: 3 });
  expect(mergeWithNext(pieces, 2)).toBeNull();
});

test("one that is removed is gone, the others are as they were", () => {
  expect(remove(pieces, 1)?.pieces).toEqual([pieces[0], pieces[2]]);
});

test("a new one makes room for itself", () => {
  expect(times(add(pieces, 4.5, 5.5, FRAME)?.pieces)).toEqual([[1, 2], [2, 4], [4.5, 5.5], [6, 9]]);
  expect(times(add(pieces, 1.5, 7, FRAME)?.pieces)).toEqual([[1, 1.5], [1.5, 7], [7, 9]]);
  expect(add(pieces, 6.5, 7, FRAME)?.pieces.slice(2)).toEqual([
    { start_s: 6, end_s: 6.5, origin: null },
    { start_s: 6.5, end_s: 7, origin: null },
    { start_s: 7, end_s: 9, origin: 3 },
  ]);
  expect(add(pieces, 5, 5.01, FRAME)).toBeNull();
});

test("what is cut anew keeps the name of the primitive it mostly is", () => {
  const found = [{ start_s: 1.1, end_s: 2 }, { start_s: 2, end_s: 2.5 }, { start_s: 2.6, end_s: 4.2 }, { start_s: 6, end_s: 9 }];
  expect(withOrigins(found, saved).map((piece) => piece.origin)).toEqual([1, null, 2, 3]);
  const byId = new Map(saved.map((one) => [one.id, one]));
  expect(withOrigins(found, saved).map((piece) => isChanged(piece, byId))).toEqual([true, true, true, false]);
});

test("an edge is taken hold of by the side one is on", () => {
  expect(edgeNear(pieces, 1.95, 0.1)).toEqual({ index: 0, edge: "end" });
  expect(edgeNear(pieces, 2.05, 0.1)).toEqual({ index: 1, edge: "start" });
  expect(edgeNear(pieces, 5.95, 0.1)).toEqual({ index: 2, edge: "start" });
  expect(edgeNear(pieces, 3, 0.1)).toBeNull();
});
