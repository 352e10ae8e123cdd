import type { Interval } from "../../lib/segments";

/** A primitive as a draft has it. */
export interface Piece extends Interval {
  /** The run's own primitive it comes from, whose colour and name it keeps; null: it is new. */
  origin: number | null;
}

export interface Saved extends Interval {
  id: number;
}

export type Edge = "start" | "end";

/** The pieces after an edit, and a moment within the one that was edited. */
export interface Edited {
  pieces: Piece[];
  atS: number;
}

const SAME_S = 1e-3;

export const middle = (piece: Interval): number => (piece.start_s + piece.end_s) / 2;
const touching = (before: Interval | undefined, after: Interval | undefined): boolean =>
  before !== undefined && after !== undefined && Math.abs(after.start_s - before.end_s) < SAME_S;

export const fromSaved = (saved: readonly Saved[]): Piece[] => saved.map(({ id, start_s, end_s }) => ({ start_s, end_s, origin: id }));

/** Found intervals with the run's primitives they stand for: those that share more than half of what either covers. */
export function withOrigins(found: readonly Interval[], saved: readonly Saved[]): Piece[] {
  let first = 0;
  return found.map(({ start_s, end_s }) => {
    while (first < saved.length && saved[first]!.end_s <= start_s) first += 1;
    for (let i = first; i < saved.length && saved[i]!.start_s < end_s; i += 1) {
      const one = saved[i]!;
      const shared = Math.min(end_s, one.end_s) - Math.max(start_s, one.start_s);
      const covered = Math.max(end_s, one.end_s) - Math.min(start_s, one.start_s);
      if (shared > 0.5 * covered) return { start_s, end_s, origin: one.id };
    }
    return { start_s, end_s, origin: null };
  });
}

/** Whether a piece is no longer as the run has it. `byId`: the run's primitives. */
export function isChanged(piece: Piece, byId: ReadonlyMap<number, Interval>): boolean {
  const one = piece.origin === null ? undefined : byId.get(piece.origin);
  return !one || Math.abs(one.start_s - piece.start_s) > SAME_S || Math.abs(one.end_s - piece.end_s) > SAME_S;
}

/**
 * One edge moved to `toS`, as far as its neighbours leave room and nothing becomes shorter than `leastS`. Where two
 * pieces touch, their common boundary moves.
 */
export function moveEdge(pieces: readonly Piece[], index: number, edge: Edge, toS: number, leastS: number, durationS: number): Edited | null {
  const piece = pieces[index];
  if (!piece) return null;
  const neighbour = edge === "start" ? index - 1 : index + 1;
  const other = pieces[neighbour];
  const shared = edge === "start" ? touching(other, piece) : touching(piece, other);
  let low = edge === "start" ? 0 : piece.start_s + leastS;
  let high = edge === "start" ? piece.end_s - leastS : durationS;
  if (other && edge === "start") low = shared ? other.start_s + leastS : other.end_s;
  if (other && edge === "end") high = shared ? other.end_s - leastS : other.start_s;
  const at = Math.min(high, Math.max(low, toS));
  const was = edge === "start" ? piece.start_s : piece.end_s;
  if (low > high || Math.abs(at - was) < 1e-9) return null;
  const next = [...pieces];
  next[index] = edge === "start" ? { ...piece, start_s: at } : { ...piece, end_s: at };
  if (shared && other) next[neighbour] = edge === "start" ? { ...other, end_s: at } : { ...other, start_s: at };
  return { pieces: next, atS: middle(next[index]) };
}

/** The piece at `timeS` in two; null where that would leave something shorter than `leastS`. */
export function splitAt(pieces: readonly Piece[], timeS: number, leastS: number): Edited | null {
  const index = pieces.findIndex((piece) => timeS - piece.start_s >= leastS - 1e-9 && piece.end_s - timeS >= leastS - 1e-9);
  const piece = pieces[index];
  if (!piece) return null;
  const [before, after] = [
    { ...piece, end_s: timeS },
    { ...piece, start_s: timeS },
  ];
  // The longer half is still the run's primitive; the other is new.
  if (timeS - piece.start_s >= piece.end_s - timeS) after.origin = null;
  else before.origin = null;
  return { pieces: [...pieces.slice(0, index), before, after, ...pieces.slice(index + 1)], atS: middle(after) };
}

/** A piece and the next as one, with whatever lay between them. */
export function mergeWithNext(pieces: readonly Piece[], index: number): Edited | null {
  const [piece, next] = [pieces[index], pieces[index + 1]];
  if (!piece || !next) return null;
  const longer = next.end_s - next.start_s > piece.end_s - piece.start_s ? next : piece;
  const merged = { start_s: piece.start_s, end_s: next.end_s, origin: longer.origin ?? piece.origin ?? next.origin };
  return { pieces: [...pieces.slice(0, index), merged, ...pieces.slice(index + 2)], atS: middle(merged) };
}

export function remove(pieces: readonly Piece[], index: number): Edited | null {
  const piece = pieces[index];
  if (!piece) return null;
  return { pieces: pieces.filter((_, i) => i !== index), atS: middle(piece) };
}

/** A new piece over `[startS, endS)`; what lay there makes room, and what is left shorter than `leastS` goes. */
export function add(pieces: readonly Piece[], startS: number, endS: number, leastS: number): Edited | null {
  if (endS - startS < leastS - 1e-9) return null;
  const made: Piece = { start_s: startS, end_s: endS, origin: null };
  const around = pieces.flatMap((piece) => {
    if (piece.end_s <= startS || piece.start_s >= endS) return [piece];
    const rests = [
      { ...piece, end_s: Math.min(piece.end_s, startS) },
      { ...piece, start_s: Math.max(piece.start_s, endS) },
    ].filter((rest) => rest.end_s - rest.start_s >= leastS - 1e-9);
    // Cut through in the middle: the longer rest keeps the origin.
    if (rests.length === 2) {
      const [a, b] = rests as [Piece, Piece];
      (a.end_s - a.start_s >= b.end_s - b.start_s ? b : a).origin = null;
    }
    return rests;
  });
  const next = [...around, made].sort((a, b) => a.start_s - b.start_s);
  return { pieces: next, atS: middle(made) };
}

/** The edge nearest to a moment, no further than `nearS`; of two that touch, the one of the piece the moment is in. */
export function edgeNear(pieces: readonly Interval[], timeS: number, nearS: number): { index: number; edge: Edge } | null {
  let best: { index: number; edge: Edge; apart: number } | null = null;
  // Only those around the moment can be near: the list is in time order.
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const half = (low + high) >> 1;
    if (pieces[half]!.end_s < timeS - nearS) low = half + 1;
    else high = half;
  }
  for (let index = low; index < pieces.length && pieces[index]!.start_s <= timeS + nearS; index += 1) {
    const { start_s, end_s } = pieces[index]!;
    for (const edge of ["start", "end"] as const) {
      const at = edge === "start" ? start_s : end_s;
      const outside = edge === "start" ? timeS < at : timeS >= at;
      const apart = Math.abs(timeS - at);
      if (apart <= nearS && (best === null || apart < best.apart - 1e-9 || (apart < best.apart + 1e-9 && !outside))) best = { index, edge, apart };
    }
  }
  return best && { index: best.index, edge: best.edge };
}
