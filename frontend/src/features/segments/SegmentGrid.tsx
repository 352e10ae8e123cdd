import { useInfiniteQuery } from "@tanstack/react-query";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { paths } from "../../lib/paths";
import { segmentsOfClusterQuery } from "./queries";
import { SegmentCard } from "./SegmentCard";
import "./segments.css";

/** The primitives of one cluster, as loops, a page at a time. */
export function SegmentGrid({ project, run, cluster }: { project: number; run: number; cluster: number }) {
  const segments = useInfiniteQuery(segmentsOfClusterQuery(run, cluster));

  if (segments.isPending) return <Skeleton label="Loading primitives…" className="segment-grid" height={120} rows={8} />;
  if (segments.isError) return <Failed what="The primitives could not be read" error={segments.error} onRetry={() => void segments.refetch()} />;
  const all = segments.data.pages.flatMap((page) => page.results);
  if (all.length === 0)
    return (
      <Empty small title="No primitives in this cluster">
        The run may still be writing them.
      </Empty>
    );
  return (
    <>
      <ul className="segment-grid">
        {all.map((segment) => (
          <SegmentCard
            key={segment.id}
            segment={segment}
            to={paths.segmentInClusters(project, run, segment.id)}
            videoTo={paths.segmentInVideo(project, segment)}
          />
        ))}
      </ul>
      {segments.hasNextPage && (
        <button type="button" className="button more" disabled={segments.isFetchingNextPage} onClick={() => void segments.fetchNextPage()}>
          {segments.isFetchingNextPage ? "Loading…" : "Show more"}
        </button>
      )}
    </>
  );
}
