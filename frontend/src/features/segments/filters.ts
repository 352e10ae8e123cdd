/** What narrows "similar primitives". In the address, so that the link shows the same. */
export interface SimilarFilters {
  scope: "run" | "project";
  video: number | null;
  cluster: number | null;
  minDurationS: number | null;
  maxDurationS: number | null;
  excludeSameVideo: boolean;
}

export const NO_FILTERS: SimilarFilters = {
  scope: "run",
  video: null,
  cluster: null,
  minDurationS: null,
  maxDurationS: null,
  excludeSameVideo: false,
};

const NAMES = ["in", "from", "of", "min", "max", "other"] as const;

function number(text: string | null): number | null {
  if (text === null || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

function whole(text: string | null): number | null {
  const value = number(text);
  return value !== null && Number.isInteger(value) ? value : null;
}

/** Nonsense in an address is no filter. */
export function filtersFrom(params: URLSearchParams): SimilarFilters {
  return {
    scope: params.get("in") === "project" ? "project" : "run",
    video: whole(params.get("from")),
    cluster: whole(params.get("of")),
    minDurationS: number(params.get("min")),
    maxDurationS: number(params.get("max")),
    excludeSameVideo: params.get("other") === "1",
  };
}

/** The address with these filters; what filters nothing leaves no trace. */
export function withFilters(params: URLSearchParams, filters: SimilarFilters): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const name of NAMES) next.delete(name);
  if (filters.scope === "project") next.set("in", "project");
  if (filters.video !== null) next.set("from", String(filters.video));
  if (filters.cluster !== null) next.set("of", String(filters.cluster));
  if (filters.minDurationS !== null) next.set("min", String(filters.minDurationS));
  if (filters.maxDurationS !== null) next.set("max", String(filters.maxDurationS));
  if (filters.excludeSameVideo) next.set("other", "1");
  return next;
}

export function countFilters(filters: SimilarFilters): number {
  const { video, cluster, minDurationS, maxDurationS, excludeSameVideo } = filters;
  return [video, cluster, minDurationS, maxDurationS].filter((value) => value !== null).length + (excludeSameVideo ? 1 : 0);
}
