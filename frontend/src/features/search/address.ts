import { idFrom } from "../../lib/search";

/** What is searched by, as the address says it. */
export type Subject =
  | { kind: "segment"; id: number }
  | { kind: "range"; run: number; video: number; fromS: number; toS: number }
  | { kind: "example"; id: string };

/** What narrows a search. */
export interface Filters {
  runs: number[]; // none: all of the project
  video: number | null;
  view: string | null;
  cluster: number | null;
  action: number | null;
  minDurationS: number | null;
  maxDurationS: number | null;
  minQuality: number | null;
  dateFrom: string | null;
  dateTo: string | null;
  otherVideos: boolean;
}

export const NO_FILTERS: Filters = {
  runs: [],
  video: null,
  view: null,
  cluster: null,
  action: null,
  minDurationS: null,
  maxDurationS: null,
  minQuality: null,
  dateFrom: null,
  dateTo: null,
  otherVideos: false,
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const NAMES = ["runs", "in", "view", "of", "action", "min", "max", "quality", "since", "until", "other"] as const;

function figure(params: URLSearchParams, name: string): number | null {
  const text = params.get(name);
  if (text === null || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** Null when the address names nothing to search by, or nonsense. */
export function subjectFrom(params: URLSearchParams): Subject | null {
  const like = idFrom(params, "like");
  if (like !== null) return { kind: "segment", id: like };
  const example = params.get("example");
  if (example !== null && UUID.test(example)) return { kind: "example", id: example };
  const [run, video] = [idFrom(params, "run"), idFrom(params, "video")];
  const [fromS, toS] = [figure(params, "from"), figure(params, "to")];
  if (run !== null && video !== null && fromS !== null && toS !== null && toS > fromS) return { kind: "range", run, video, fromS, toS };
  return null;
}

/** Nonsense in an address is no filter. */
export function filtersFrom(params: URLSearchParams): Filters {
  const day = (name: string) => (DAY.test(params.get(name) ?? "") ? params.get(name) : null);
  return {
    runs: (params.get("runs") ?? "").split(",").filter((text) => /^\d{1,15}$/.test(text)).map(Number),
    video: idFrom(params, "in"),
    view: params.get("view"),
    cluster: idFrom(params, "of"),
    action: idFrom(params, "action"),
    minDurationS: figure(params, "min"),
    maxDurationS: figure(params, "max"),
    minQuality: figure(params, "quality"),
    dateFrom: day("since"),
    dateTo: day("until"),
    otherVideos: params.get("other") === "1",
  };
}

/** Puts the filters into an address; what filters nothing leaves no trace. */
export function writeFilters(params: URLSearchParams, filters: Filters): void {
  for (const name of NAMES) params.delete(name);
  const put = (name: (typeof NAMES)[number], value: string | number | null) => {
    if (value !== null && value !== "") params.set(name, String(value));
  };
  put("runs", filters.runs.join(","));
  put("in", filters.video);
  put("view", filters.view);
  put("of", filters.cluster);
  put("action", filters.action);
  put("min", filters.minDurationS);
  put("max", filters.maxDurationS);
  put("quality", filters.minQuality);
  put("since", filters.dateFrom);
  put("until", filters.dateTo);
  put("other", filters.otherVideos ? 1 : null);
}

export function countFilters(filters: Filters): number {
  const { runs, otherVideos, ...rest } = filters;
  return Object.values(rest).filter((value) => value !== null).length + (runs.length > 0 ? 1 : 0) + (otherVideos ? 1 : 0);
}
