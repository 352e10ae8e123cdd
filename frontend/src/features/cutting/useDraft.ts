import { useCallback, useEffect, useMemo, useReducer, useState } from "react";
import { cut, type Detection, type Params, type Refinement, type Trace } from "../../lib/segmentation";
import { begin, isEmpty, NO_DRAFT, sameSettings, showsHand, step, storeDraft, storedDraft, type Draft, type Settings, type Step } from "./draft";
import { fromSaved, withOrigins, type Piece, type Saved } from "./pieces";

/** The energy of a video and how its run cut it. */
export interface Cuttable extends Trace {
  thetaOn: number;
  detection: Detection;
  refinement: Refinement;
}

export interface Drafting {
  draft: Draft;
  /** How the run itself was cut; null until its signals are here. */
  own: Settings | null;
  /** What the sliders say. */
  settings: Settings | null;
  /** What is shown, and would be kept: the run's own primitives while the draft is empty. */
  pieces: readonly Piece[];
  /** As the sliders alone have it, where hands had another say. */
  cutAnew: readonly Piece[] | null;
  dirty: boolean;
  /** Taken up again from an earlier visit. */
  restored: boolean;
  canUndo: boolean;
  canRedo: boolean;
  set: (change: { thetaScale?: number; detection?: Partial<Detection>; refinement?: Partial<Refinement> }, what: string) => void;
  edit: (pieces: Piece[], what: string) => void;
  show: (shown: Draft["shown"]) => void;
  reset: () => void;
  undo: () => void;
  redo: () => void;
}

export const paramsOf = (signals: Pick<Cuttable, "thetaOn">, settings: Settings): Params => ({
  thetaOn: signals.thetaOn * settings.thetaScale,
  detection: settings.detection,
  refinement: settings.refinement,
});

interface Restorable {
  history: ReturnType<typeof begin>;
  restored: boolean;
}

const taken = (run: number, video: number): Restorable => {
  const stored = storedDraft(run, video);
  return { history: begin(stored ?? NO_DRAFT), restored: stored !== null };
};

const advance = (state: Restorable, action: Step): Restorable => ({
  history: step(state.history, action),
  restored: action.kind === "load" ? !isEmpty(action.draft) : state.restored && action.kind !== "reset",
});

/** A draft of one video of a run: begun where the last visit left it, kept in this browser with every step. */
export function useDraft(run: number, video: number, signals: Cuttable | undefined, saved: readonly Saved[]): Drafting {
  const [{ history, restored }, dispatch] = useReducer(advance, null, () => taken(run, video));
  const place = `${run}.${video}`;
  const [at, setAt] = useState(place);
  if (at !== place) {
    setAt(place);
    dispatch({ kind: "load", draft: storedDraft(run, video) ?? NO_DRAFT });
  }
  const draft = history.present;

  useEffect(() => {
    // A drag reports many times a second; writing waits until it rests.
    const store = () => storeDraft(run, video, draft);
    const timer = setTimeout(store, 200);
    window.addEventListener("pagehide", store); // a reload does not wait, and unmounts nothing
    return () => {
      clearTimeout(timer);
      window.removeEventListener("pagehide", store);
      store();
    };
  }, [run, video, draft]);

  const own = useMemo<Settings | null>(
    () => (signals ? { thetaScale: 1, detection: signals.detection, refinement: signals.refinement } : null),
    [signals],
  );
  const settings = draft.settings ?? own;
  const cutAnew = useMemo(() => {
    if (!signals || draft.settings === null) return null;
    const found = cut(signals, paramsOf(signals, draft.settings));
    return withOrigins(
      found.map(({ startS, endS }) => ({ start_s: startS, end_s: endS })),
      saved,
    );
  }, [signals, draft.settings, saved]);
  const untouched = useMemo(() => fromSaved(saved), [saved]);
  const byHand = showsHand(draft) ? (draft.hand?.pieces ?? null) : null;

  const set = useCallback<Drafting["set"]>(
    (change, what) => {
      if (!own) return;
      const from = draft.settings ?? own;
      const next: Settings = {
        thetaScale: change.thetaScale ?? from.thetaScale,
        detection: { ...from.detection, ...change.detection },
        refinement: { ...from.refinement, ...change.refinement },
      };
      dispatch({ kind: "settings", settings: sameSettings(next, own) ? null : next, what, at: performance.now() });
    },
    [own, draft.settings],
  );
  const edit = useCallback((pieces: Piece[], what: string) => dispatch({ kind: "hand", pieces, what, at: performance.now() }), []);
  const show = useCallback((shown: Draft["shown"]) => dispatch({ kind: "show", shown }), []);
  const reset = useCallback(() => dispatch({ kind: "reset" }), []);
  const undo = useCallback(() => dispatch({ kind: "undo" }), []);
  const redo = useCallback(() => dispatch({ kind: "redo" }), []);

  return {
    draft,
    own,
    settings,
    pieces: byHand ?? cutAnew ?? untouched,
    cutAnew,
    dirty: !isEmpty(draft),
    restored: restored && !isEmpty(draft),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    set,
    edit,
    show,
    reset,
    undo,
    redo,
  };
}
