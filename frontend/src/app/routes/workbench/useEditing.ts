import { useCallback, useMemo } from "react";
import type { Drafting } from "../../../features/cutting/useDraft";
import { add, mergeWithNext, moveEdge, remove, splitAt, type Edge, type Edited, type Piece } from "../../../features/cutting/pieces";
import { crossingNear, frameNear, minimumNear, type Curve } from "../../../features/cutting/snap";
import type { PlaybackClock } from "../../../lib/clock";
import { indexAt } from "../../../lib/segments";
import type { TimeSelection } from "../../../lib/timeSelection";

export interface Pick {
  /** A moment within the picked piece: it stays picked while it is edited and cut anew. */
  timeS: number;
  edge: Edge | null;
}

interface EditingOptions {
  drafting: Drafting;
  index: number;
  edge: Edge | null;
  onPick: (pieces: readonly Piece[], index: number, edge: Edge | null) => void;
  clock: PlaybackClock;
  selection: TimeSelection;
  curve: Curve | null;
  thresholds: readonly number[];
  fps: number;
  leastS: number;
  durationS: number;
}

export interface Editing {
  nudge: (frames: number) => void;
  snap: (to: "minimum" | "threshold" | "frame") => void;
  split: () => void;
  merge: () => void;
  remove: () => void;
  /** A new piece over the selected range. */
  add: () => void;
  /** As the pointer drags it, from how the pieces were; one `what` is one step. */
  drag: (pieces: readonly Piece[], index: number, edge: Edge, toS: number, what: string) => void;
}

/** What hands do to cuts, on whatever is picked; each is a step of the draft. */
export function useEditing(options: EditingOptions): Editing {
  const { drafting, index, edge, onPick, clock, selection, curve, thresholds, fps, leastS, durationS } = options;
  const { pieces, edit } = drafting;

  const put = useCallback(
    (edited: Edited | null, what: string, inHand: Edge | null, follow: boolean) => {
      if (!edited) return;
      edit(edited.pieces, what);
      const at = indexAt(edited.pieces, edited.atS);
      onPick(edited.pieces, at, inHand);
      const piece = edited.pieces[at];
      if (follow && piece && inHand) clock.set((inHand === "start" ? piece.start_s : piece.end_s) + 0.5 / fps);
    },
    [edit, onPick, clock, fps],
  );

  return useMemo<Editing>(() => {
    const piece = pieces[index];
    // The edge in hand, else the picked piece's nearer one.
    const held: Edge | null = !piece ? null : (edge ?? (Math.abs(clock.time - piece.start_s) <= Math.abs(clock.time - piece.end_s) ? "start" : "end"));
    const heldAt = !piece || !held ? null : held === "start" ? piece.start_s : piece.end_s;
    const moveTo = (toS: number | null, what: string) => {
      if (held !== null && toS !== null) put(moveEdge(pieces, index, held, toS, leastS, durationS), what, held, true);
    };
    return {
      nudge: (frames) => {
        if (heldAt !== null) moveTo(heldAt + frames / fps, `nudge ${performance.now()}`);
      },
      snap: (to) => {
        if (heldAt === null) return;
        if (to === "frame") moveTo(frameNear(heldAt, fps), `snap ${performance.now()}`);
        else if (curve) moveTo(to === "minimum" ? minimumNear(curve, heldAt) : crossingNear(curve, thresholds, heldAt), `snap ${performance.now()}`);
      },
      split: () => put(splitAt(pieces, Math.floor(clock.time * fps + 1e-3) / fps, leastS), `split ${performance.now()}`, null, false),
      merge: () => put(mergeWithNext(pieces, index), `merge ${performance.now()}`, null, false),
      remove: () => put(remove(pieces, index), `remove ${performance.now()}`, null, false),
      add: () => {
        const range = selection.get();
        if (!range) return;
        put(add(pieces, range.startS, range.endS, leastS), `add ${performance.now()}`, null, false);
        selection.set(null);
      },
      drag: (from, at, which, toS, what) => put(moveEdge(from, at, which, toS, leastS, durationS), what, which, true),
    };
  }, [pieces, index, edge, put, clock, selection, curve, thresholds, fps, leastS, durationS]);
}
