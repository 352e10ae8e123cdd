import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearchParams } from "react-router";
import type { Segment } from "../../../api/types";
import { filtersFrom, withFilters } from "../../../features/segments/filters";
import { SimilarPanel } from "../../../features/segments/SimilarPanel";
import { videosQuery } from "../../../features/videos/queries";
import { paths } from "../../../lib/paths";
import { searchSimilar } from "../searchSimilar";

interface SimilarHereProps {
  project: number;
  segment: Segment;
  clusters: readonly { index: number; name: string }[];
}

/** The similar primitives with their filters in this page's address. */
export function SimilarHere({ project, segment, clusters }: SimilarHereProps) {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const videos = useQuery(videosQuery(project));
  const filters = filtersFrom(params);
  return (
    <SimilarPanel
      segment={segment}
      filters={filters}
      onFilters={(next) => void navigate({ search: `?${withFilters(params, next).toString()}` }, { replace: true, preventScrollReset: true })}
      videos={videos.data?.map((video) => ({ id: video.id, name: video.title })) ?? []}
      clusters={clusters.map((cluster) => ({ id: cluster.index, name: cluster.name }))}
      linkTo={(hit) => paths.segmentInVideo(project, hit)}
      searchTo={searchSimilar(project, segment, filters)}
    />
  );
}
