import { NO_FILTERS, writeFilters } from "../../features/search/address";
import type { SimilarFilters } from "../../features/segments/filters";
import { paths } from "../../lib/paths";

/** The search screen with the same example and the same filters. */
export function searchSimilar(project: number, segment: { id: number; run: number }, filters: SimilarFilters): string {
  const { scope, video, cluster, minDurationS, maxDurationS, excludeSameVideo } = filters;
  const params = new URLSearchParams({ like: String(segment.id) });
  writeFilters(params, { ...NO_FILTERS, runs: scope === "run" ? [segment.run] : [], video, cluster, minDurationS, maxDurationS, otherVideos: excludeSameVideo });
  return `${paths.search(project)}?${params.toString()}`;
}
