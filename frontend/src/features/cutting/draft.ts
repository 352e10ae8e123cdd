import type { Detection, Refinement } from "../../lib/segmentation";
import type { Piece } from "./pieces";

/** How to cut, the threshold as a share of the run's own for this view. */
export interface Settings {
  thetaScale: number;
  detection: Detection;
  refinement: Refinement;
}

/** This video cut by hand. */
export interface Hand {
  pieces: Piece[];
  /** How the cuts were made that the hand began with; null: as the run has it. */
  base: Settings | null;
}

/** What somebody would have of a run, and has not kept yet. */
export interface Draft {
  /** null: as the run has it. */
  settings: Settings | null;
  hand: Hand | null;
  /** Which of the two is shown and would be kept, where they disagree. */
  shown: "settings" | "hand";
}

export const NO_DRAFT: Draft = { settings: null, hand: null, shown: "settings" };

export const isEmpty = (draft: Draft): boolean => draft.settings === null && draft.hand === null;
export const showsHand = (draft: Draft): boolean => draft.hand !== null && draft.shown === "hand";
/** The sliders were moved after cuts were edited by hand: only somebody can say which of the two counts. */
export const disagrees = ({ hand, settings }: Draft): boolean =>
  hand !== null && !(hand.base === null ? settings === null : settings !== null && sameSettings(hand.base, settings));

export interface History {
  past: readonly Draft[];
  present: Draft;
  future: readonly Draft[];
  /** What the last step was: moving one slider on is one step, however often it reports. */
  last: { what: string; at: number } | null;
}

export type Step =
  | { kind: "settings"; settings: Settings | null; what: string; at: number }
  | { kind: "hand"; pieces: Piece[]; what: string; at: number }
  | { kind: "show"; shown: Draft["shown"] }
  | { kind: "reset" }
  | { kind: "undo" }
  | { kind: "redo" }
  | { kind: "load"; draft: Draft };

const KEPT_STEPS = 200;
const ONE_GESTURE_MS = 1000;

export const begin = (present: Draft = NO_DRAFT): History => ({ past: [], present, future: [], last: null });

export function step(history: History, action: Step): History {
  const { past, present, future } = history;
  switch (action.kind) {
    case "settings":
      return put(history, { ...present, settings: action.settings, shown: present.hand === null ? "settings" : present.shown }, action);
    case "hand":
      return put(history, { ...present, hand: { pieces: action.pieces, base: baseOf(present) }, shown: "hand" }, action);
    case "show":
      return action.shown === present.shown ? history : put(history, { ...present, shown: action.shown });
    case "reset":
      return isEmpty(present) ? history : put(history, NO_DRAFT);
    case "undo": {
      const before = past[past.length - 1];
      return before ? { past: past.slice(0, -1), present: before, future: [present, ...future], last: null } : history;
    }
    case "redo": {
      const [next, ...rest] = future;
      return next ? { past: [...past, present], present: next, future: rest, last: null } : history;
    }
    case "load":
      return begin(action.draft);
  }
}

/** An edit goes on from what is shown. */
const baseOf = (draft: Draft): Settings | null => (draft.hand !== null && draft.shown === "hand" ? draft.hand.base : draft.settings);

function put(history: History, present: Draft, step?: { what: string; at: number }): History {
  const { last } = history;
  const goesOn = step !== undefined && last !== null && last.what === step.what && step.at - last.at < ONE_GESTURE_MS && history.past.length > 0;
  return {
    past: goesOn ? history.past : [...history.past, history.present].slice(-KEPT_STEPS),
    present,
    future: [],
    last: step ? { what: step.what, at: step.at } : null,
  };
}

const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);
export const sameSettings = (a: Settings, b: Settings): boolean =>
  a.thetaScale === b.thetaScale &&
  (Object.keys(a.detection) as (keyof Detection)[]).every((name) => a.detection[name] === b.detection[name]) &&
  (Object.keys(a.refinement) as (keyof Refinement)[]).every((name) => a.refinement[name] === b.refinement[name]);

/** What `keep` is asked for: only what differs from the run. */
export interface KeepRequest {
  detection?: Detection;
  theta_scale: number;
  refinement?: Refinement;
  cuts?: Record<string, [number, number][]>;
}

export function keepRequest(draft: Draft, own: Settings, video: number): KeepRequest {
  const settings = baseOf(draft) ?? own;
  return {
    ...(draft.hand !== null && showsHand(draft) ? { cuts: { [String(video)]: draft.hand.pieces.map(({ start_s, end_s }) => [start_s, end_s]) } } : {}),
    ...(same(settings.detection, own.detection) ? {} : { detection: settings.detection }),
    theta_scale: settings.thetaScale,
    ...(same(settings.refinement, own.refinement) ? {} : { refinement: settings.refinement }),
  };
}

const key = (run: number, video: number): string => `kineme.draft.${run}.${video}`;

export function storeDraft(run: number, video: number, draft: Draft): void {
  try {
    if (isEmpty(draft)) localStorage.removeItem(key(run, video));
    else localStorage.setItem(key(run, video), JSON.stringify(draft));
  } catch {
    // Storage is blocked or full: the draft holds for this visit.
  }
}

export function storedDraft(run: number, video: number): Draft | null {
  try {
    const draft = JSON.parse(localStorage.getItem(key(run, video)) ?? "null") as unknown;
    return isDraft(draft) && !isEmpty(draft) ? draft : null;
  } catch {
    return null;
  }
}

const finite = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
const numbers = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.values(value).every((one) => one === null || finite(one));

/** Written by an older page, or by hand: anything. */
function isDraft(value: unknown): value is Draft {
  if (typeof value !== "object" || value === null) return false;
  const { settings, hand, shown } = value as Record<string, unknown>;
  if (shown !== "settings" && shown !== "hand") return false;
  return (hand === null || isHand(hand)) && (settings === null || isSettings(settings));
}

function isHand(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { pieces, base } = value as Record<string, unknown>;
  return Array.isArray(pieces) && pieces.every(isPiece) && (base === null || isSettings(base));
}

function isSettings(settings: unknown): boolean {
  if (typeof settings !== "object" || settings === null) return false;
  const { thetaScale, detection, refinement } = settings as Record<string, unknown>;
  return finite(thetaScale) && numbers(detection) && numbers(refinement);
}

function isPiece(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { start_s, end_s, origin } = value as Record<string, unknown>;
  return finite(start_s) && finite(end_s) && (origin === null || finite(origin));
}
