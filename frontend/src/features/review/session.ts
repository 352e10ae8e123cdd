import type { QueuedSegment } from "../../api/types";

/** What somebody says of one primitive. Edges are null where they are left where they were cut. */
export interface Answer {
  quality: number | null;
  confidence: number | null;
  action: number | null;
  startS: number | null;
  endS: number | null;
  comment: string;
  flagged: boolean;
  skipped: boolean;
}

/** `sent`: how many changes the server has; `refused`: its sentence, which sending again does not change. */
export interface Entry {
  segment: QueuedSegment;
  answer: Answer;
  seconds: number;
  changes: number;
  sent: number;
  refused: string | null;
}

/**
 * One sitting at one queue. `past` is what was judged, in order, with the answers; `line` what comes, its first the
 * present one. `at` is which of `past` is looked at again, or `past.length` for the present one.
 */
export interface Sitting {
  past: Entry[];
  line: QueuedSegment[];
  at: number;
  answer: Answer;
  edge: "start" | "end";
}

export const blank = (segment: QueuedSegment | undefined): Answer => ({
  quality: null,
  confidence: null,
  action: segment?.action?.id ?? null,
  startS: null,
  endS: null,
  comment: "",
  flagged: false,
  skipped: false,
});

export const begun = (past: Entry[] = []): Sitting => ({ past, line: [], at: past.length, answer: blank(undefined), edge: "start" });

export const shown = ({ past, line, at }: Sitting): QueuedSegment | undefined => (at < past.length ? past[at]!.segment : line[0]);

export const isPast = ({ past, at }: Sitting): boolean => at < past.length;

export const isUnsent = ({ changes, sent }: Entry): boolean => sent < changes;

export const isRated = ({ quality, confidence }: Answer): boolean => quality !== null && confidence !== null;

export type Step =
  | { do: "arrive"; rows: readonly QueuedSegment[] }
  | { do: "change"; by: Partial<Answer>; seconds: number } // `seconds`: how long the present one has been looked at
  | { do: "skip"; seconds: number }
  | { do: "back" }
  | { do: "forward" }
  | { do: "show"; segment: number }
  | { do: "edge"; edge: "start" | "end" }
  | { do: "sent"; segment: number; changes: number }
  | { do: "refused"; segment: number; changes: number; why: string }
  | { do: "again" }
  | { do: "discard"; segment: number };

/** A sitting after a step. Quality and confidence together finish a primitive: the next one is there at once. */
export function after(sitting: Sitting, step: Step): Sitting {
  switch (step.do) {
    case "arrive": {
      const known = new Set([...sitting.past.map(({ segment }) => segment.id), ...sitting.line.map(({ id }) => id)]);
      const line = [...sitting.line, ...step.rows.filter(({ id }) => !known.has(id))];
      return sitting.line.length === 0 && !isPast(sitting) ? { ...sitting, line, answer: blank(line[0]) } : { ...sitting, line };
    }
    case "change": {
      if (shown(sitting) === undefined) return sitting;
      const answer = { ...sitting.answer, ...step.by };
      if (isPast(sitting)) {
        const rated = isRated(answer);
        const changed = amended(sitting, { ...answer, skipped: !rated });
        // The last of the two keys is where one is done here as well.
        return rated && step.by.confidence !== undefined ? moved(changed, sitting.at + 1) : changed;
      }
      return isRated(answer) ? finished(sitting, answer, step.seconds) : { ...sitting, answer };
    }
    case "skip": {
      if (shown(sitting) === undefined) return sitting;
      const answer = { ...sitting.answer, quality: null, confidence: null, skipped: true };
      return isPast(sitting) ? moved(amended(sitting, answer), sitting.at + 1) : finished(sitting, answer, step.seconds);
    }
    case "back":
      return sitting.at === 0 ? sitting : moved(sitting, sitting.at - 1);
    case "forward":
      return isPast(sitting) ? moved(sitting, sitting.at + 1) : sitting;
    case "show": {
      const at = sitting.past.findIndex(({ segment }) => segment.id === step.segment);
      return at === -1 ? sitting : moved(sitting, at);
    }
    case "edge":
      return { ...sitting, edge: step.edge };
    case "sent":
      return withEntry(sitting, step.segment, (entry) => ({ ...entry, sent: Math.max(entry.sent, step.changes), refused: null }));
    case "refused":
      return withEntry(sitting, step.segment, (entry) => (entry.changes === step.changes ? { ...entry, refused: step.why } : entry));
    case "again":
      return { ...sitting, past: sitting.past.map((entry) => (entry.refused === null ? entry : { ...entry, refused: null })) };
    case "discard": {
      const at = sitting.past.findIndex(({ segment }) => segment.id === step.segment);
      if (at === -1) return sitting;
      const past = sitting.past.filter((_, i) => i !== at);
      return moved({ ...sitting, past }, sitting.at > at ? sitting.at - 1 : sitting.at);
    }
  }
}

/** The present one is judged: it is the last of the past, and the next one the present. */
function finished(sitting: Sitting, answer: Answer, seconds: number): Sitting {
  const [segment, ...line] = sitting.line;
  const past = [...sitting.past, { segment: segment!, answer, seconds, changes: 1, sent: 0, refused: null }];
  return { past, line, at: past.length, answer: blank(line[0]), edge: "start" };
}

function amended(sitting: Sitting, answer: Answer): Sitting {
  const past = sitting.past.map((entry, i) => (i === sitting.at ? { ...entry, answer, changes: entry.changes + 1, refused: null } : entry));
  return { ...sitting, past, answer };
}

function moved(sitting: Sitting, at: number): Sitting {
  const to = Math.min(at, sitting.past.length);
  return { ...sitting, at: to, answer: sitting.past[to]?.answer ?? blank(sitting.line[0]), edge: "start" };
}

function withEntry(sitting: Sitting, segment: number, change: (entry: Entry) => Entry): Sitting {
  return { ...sitting, past: sitting.past.map((entry) => (entry.segment.id === segment ? change(entry) : entry)) };
}

/** Where an edge goes by `steps` steps of the stream, never past the other one. */
export function nudged(timesS: ArrayLike<number> | null, edges: { startS: number; endS: number }, edge: "start" | "end", steps: number): number {
  const from = edge === "start" ? edges.startS : edges.endS;
  const [low, high] = edge === "start" ? [0, edges.endS] : [edges.startS, Infinity];
  let to: number;
  if (timesS && timesS.length > 1) {
    let at = lowerBound(timesS, from - 1e-6);
    // Between two steps, one step goes to the nearest one in that direction.
    if (steps > 0 && at < timesS.length && timesS[at]! > from + 1e-6) at -= 1;
    to = timesS[Math.min(timesS.length - 1, Math.max(0, at + steps))]!;
  } else to = from + 0.1 * steps;
  to = Math.max(0, to);
  return edge === "start" ? (to < high - 1e-6 && to >= low ? to : from) : to > low + 1e-6 && to <= high ? to : from;
}

function lowerBound(values: ArrayLike<number>, wanted: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Label {
  id: number;
  name: string;
  colour: number;
  digit: number | null;
}

/** The digit of each label: its own, and to those without one what is left of 1..9 and 0, in order. */
export function withDigits<L extends Label>(labels: readonly L[]): L[] {
  const taken = new Set(labels.map(({ digit }) => digit));
  const free = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0].filter((digit) => !taken.has(digit));
  return labels.map((label) => (label.digit === null ? { ...label, digit: free.shift() ?? null } : label));
}

/** Labels that have the words typed, those that begin with them first. */
export function matching<L extends Label>(labels: readonly L[], typed: string): L[] {
  const wanted = typed.trim().toLowerCase();
  const rank = ({ name }: Label) => (name.toLowerCase().startsWith(wanted) ? 0 : 1);
  return labels.filter(({ name }) => name.toLowerCase().includes(wanted)).sort((a, b) => rank(a) - rank(b));
}
