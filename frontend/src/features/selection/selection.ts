import { pointOf, type MapColumns } from "../../api/map";

/*
 * What is selected, as text for the address, and which points of a map it means.
 *
 *   ids:1,2,3           these primitives, at most 200
 *   set:12              a saved set
 *   cluster:3           by its index in the run
 *   action:7            effective
 *   lasso:x,y;x,y;…     inside a polygon in the map's coordinates; lasso@pca: while PCA stands in for UMAP
 *   rect:x0,y0,x1,y1    likewise
 *   lane:4,10.5,12      in video 4 from 10.5 s to 12 s, wholly or by half
 *
 * Terms follow one another: `_` adds the next to what was selected before, `*` takes it away.
 */
export const MOST_IDS = 200;
export const MOST_CORNERS = 64;
/** Of the whole text: servers and people refuse addresses much longer. */
export const LONGEST = 6000;

export type Corner = readonly [x: number, y: number];

export type Term =
  | { kind: "ids"; ids: number[] }
  | { kind: "set" | "cluster" | "action"; id: number }
  | { kind: "lasso"; pca: boolean; corners: Corner[] }
  | { kind: "rect"; pca: boolean; from: Corner; to: Corner }
  | { kind: "lane"; video: number; fromS: number; toS: number };

export interface Step {
  term: Term;
  remove: boolean;
}

const numbers = (text: string): number[] => (text === "" ? [] : text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part))));
const whole = (value: number) => Number.isSafeInteger(value) && value >= 0;

function parseTerm(text: string): Term | null {
  const at = text.indexOf(":");
  const [name, tag] = text.slice(0, at).split("@");
  const rest = text.slice(at + 1);
  if (at < 0 || (tag !== undefined && (tag !== "pca" || (name !== "lasso" && name !== "rect")))) return null;
  const values = name === "lasso" ? [] : numbers(rest);
  if (!values.every(Number.isFinite)) return null;
  switch (name) {
    case "ids":
      return values.length <= MOST_IDS && values.every(whole) ? { kind: "ids", ids: values } : null;
    case "set":
    case "cluster":
    case "action":
      return values.length === 1 && whole(values[0]!) ? { kind: name, id: values[0]! } : null;
    case "rect": {
      const [x0, y0, x1, y1] = values;
      if (values.length !== 4) return null;
      return { kind: "rect", pca: tag === "pca", from: [Math.min(x0!, x1!), Math.min(y0!, y1!)], to: [Math.max(x0!, x1!), Math.max(y0!, y1!)] };
    }
    case "lane":
      return values.length === 3 && whole(values[0]!) ? { kind: "lane", video: values[0]!, fromS: Math.min(values[1]!, values[2]!), toS: Math.max(values[1]!, values[2]!) } : null;
    case "lasso": {
      const corners = rest.split(";").map(numbers);
      const sound = corners.length >= 3 && corners.length <= MOST_CORNERS && corners.every((corner) => corner.length === 2 && corner.every(Number.isFinite));
      return sound ? { kind: "lasso", pca: tag === "pca", corners: corners.map(([x, y]) => [x!, y!]) } : null;
    }
    default:
      return null;
  }
}

/** Null for what means nothing: nonsense in an address selects nothing. */
export function parseSelection(text: string): Step[] | null {
  if (text === "" || text.length > LONGEST) return null;
  const steps: Step[] = [];
  let remove = false;
  for (const part of text.split(/([_*])/)) {
    if (part === "_" || part === "*") remove = part === "*";
    else {
      const term = parseTerm(part);
      if (term === null) return null;
      steps.push({ term, remove });
    }
  }
  return steps;
}

/** The saved sets a selection speaks of. */
export function setsIn(text: string | null): number[] {
  const steps = text === null ? null : parseSelection(text);
  return [...new Set((steps ?? []).flatMap(({ term }) => (term.kind === "set" ? [term.id] : [])))];
}

/** Whether it was drawn on a layout that has been replaced since. */
export function isOutdated(text: string, projection: MapColumns["projection"]): boolean {
  return (parseSelection(text) ?? []).some(({ term }) => (term.kind === "lasso" || term.kind === "rect") && term.pca !== (projection === "pca"));
}

type Columns = Pick<MapColumns, "ids" | "x" | "y" | "cluster" | "action" | "video" | "start_s" | "end_s" | "projection">;

/**
 * Which points are selected, as positions in the columns, ascending; null if the text means nothing.
 * `sets` holds the primitives of the saved sets it speaks of; a set that is not there is empty.
 */
export function selectPoints(text: string, map: Columns, sets: ReadonlyMap<number, readonly number[]> = new Map()): Uint32Array | null {
  const steps = parseSelection(text);
  if (steps === null) return null;
  const chosen = new Uint8Array(map.ids.length);
  for (const { term, remove } of steps) mark(chosen, remove ? 0 : 1, term, map, sets);
  let count = 0;
  for (let i = 0; i < chosen.length; i += 1) count += chosen[i]!;
  const points = new Uint32Array(count);
  for (let i = 0, next = 0; i < chosen.length; i += 1) if (chosen[i]) points[next++] = i;
  return points;
}

function mark(chosen: Uint8Array, value: 0 | 1, term: Term, map: Columns, sets: ReadonlyMap<number, readonly number[]>): void {
  const n = chosen.length;
  switch (term.kind) {
    case "ids":
    case "set":
      for (const id of term.kind === "ids" ? term.ids : (sets.get(term.id) ?? [])) {
        const point = pointOf(map, id);
        if (point >= 0) chosen[point] = value;
      }
      return;
    case "cluster":
    case "action": {
      const column = map[term.kind];
      for (let i = 0; i < n; i += 1) if (column[i] === term.id) chosen[i] = value;
      return;
    }
    case "lane":
      for (let i = 0; i < n; i += 1) {
        if (map.video[i] !== term.video) continue;
        const [start, end] = [map.start_s[i]!, map.end_s[i]!];
        if (Math.min(end, term.toS) - Math.max(start, term.fromS) >= (end - start) / 2) chosen[i] = value;
      }
      return;
    case "rect": {
      if (term.pca !== (map.projection === "pca")) return;
      const [[x0, y0], [x1, y1]] = [term.from, term.to];
      for (let i = 0; i < n; i += 1) if (map.x[i]! >= x0 && map.x[i]! <= x1 && map.y[i]! >= y0 && map.y[i]! <= y1) chosen[i] = value;
      return;
    }
    case "lasso":
      if (term.pca === (map.projection === "pca")) markInside(chosen, value, term.corners, map);
  }
}

/** By the even-odd rule; points outside the polygon's box are not looked at closely. */
function markInside(chosen: Uint8Array, value: 0 | 1, corners: readonly Corner[], { x, y }: Pick<Columns, "x" | "y">): void {
  const m = corners.length;
  const xs = Float64Array.from(corners, ([cx]) => cx);
  const ys = Float64Array.from(corners, ([, cy]) => cy);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  for (let i = 0; i < chosen.length; i += 1) {
    const px = x[i]!;
    const py = y[i]!;
    if (px < x0 || px > x1 || py < y0 || py > y1) continue;
    let inside = false;
    for (let a = 0, b = m - 1; a < m; b = a++) {
      const [ya, yb] = [ys[a]!, ys[b]!];
      if (ya > py !== yb > py && px < ((xs[b]! - xs[a]!) * (py - ya)) / (yb - ya) + xs[a]!) inside = !inside;
    }
    if (inside) chosen[i] = value;
  }
}

/** "12.35": four significant digits, and more where the shape itself is so small that they would bend it. */
function written(value: number, size: number): string {
  const forSize = Math.ceil(Math.log10(2000 / Math.max(size, 1e-6)));
  const forFour = value === 0 ? 0 : 3 - Math.floor(Math.log10(Math.abs(value)));
  return String(Number(value.toFixed(Math.min(12, Math.max(0, Math.min(Math.max(forSize, 0), Math.max(forFour, forSize)))))));
}

const shape = (kind: "lasso" | "rect", projection: MapColumns["projection"]) => (projection === "pca" ? `${kind}@pca` : kind);

/** A polygon drawn by hand, with as few corners as tell it. */
export function lassoText(corners: readonly Corner[], projection: MapColumns["projection"]): string {
  const size = Math.max(extent(corners, 0), extent(corners, 1));
  let kept = simplified(corners, size / 400);
  for (let tolerance = size / 300; kept.length > MOST_CORNERS; tolerance *= 1.4) kept = simplified(corners, tolerance);
  return `${shape("lasso", projection)}:${kept.map(([x, y]) => `${written(x, size)},${written(y, size)}`).join(";")}`;
}

export function rectText([x0, y0]: Corner, [x1, y1]: Corner, projection: MapColumns["projection"]): string {
  const size = Math.min(Math.abs(x1 - x0), Math.abs(y1 - y0));
  return `${shape("rect", projection)}:${[Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)].map((value) => written(value, size)).join(",")}`;
}

function extent(corners: readonly Corner[], axis: 0 | 1): number {
  let [low, high] = [Infinity, -Infinity];
  for (const corner of corners) {
    low = Math.min(low, corner[axis]);
    high = Math.max(high, corner[axis]);
  }
  return high - low;
}

/** Douglas and Peucker: drops corners that lie within `tolerance` of the line without them. */
function simplified(corners: readonly Corner[], tolerance: number): Corner[] {
  const keep = new Uint8Array(corners.length);
  keep[0] = keep[corners.length - 1] = 1;
  const waiting: [number, number][] = [[0, corners.length - 1]];
  while (waiting.length > 0) {
    const [from, to] = waiting.pop()!;
    let [farthest, distance] = [-1, tolerance];
    for (let i = from + 1; i < to; i += 1) {
      const here = fromLine(corners[i]!, corners[from]!, corners[to]!);
      if (here > distance) [farthest, distance] = [i, here];
    }
    if (farthest >= 0) {
      keep[farthest] = 1;
      waiting.push([from, farthest], [farthest, to]);
    }
  }
  const kept = corners.filter((_, i) => keep[i]);
  return kept.length >= 3 ? kept : corners.slice(0, 3);
}

function fromLine([x, y]: Corner, [ax, ay]: Corner, [bx, by]: Corner): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = Math.hypot(dx, dy);
  if (length === 0) return Math.hypot(x - ax, y - ay);
  return Math.abs((x - ax) * dy - (y - ay) * dx) / length;
}

/** The selection with a term more, or with it taken away. Null where that would not fit into an address. */
export function combined(before: string | null, term: string, how: "replace" | "add" | "remove"): string | null {
  if (how === "replace") return term;
  if (before === null) return how === "add" ? term : before;
  const text = joinedIds(before, term, how) ?? `${before}${how === "add" ? "_" : "*"}${term}`;
  return text.length <= LONGEST ? text : null;
}

/** Single primitives picked one after another stay one list. */
function joinedIds(before: string, term: string, how: "add" | "remove"): string | null {
  const [old, next] = [parseSelection(before), parseSelection(term)];
  if (old?.length !== 1 || next?.length !== 1) return null;
  const [a, b] = [old[0]!.term, next[0]!.term];
  if (a.kind !== "ids" || b.kind !== "ids") return null;
  const ids = new Set(a.ids);
  for (const id of b.ids) if (how === "add") ids.add(id); else ids.delete(id);
  return ids.size <= MOST_IDS ? idsText([...ids]) : null;
}

export const idsText = (ids: readonly number[]): string => `ids:${ids.join(",")}`;
