import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, type ReactNode } from "react";
import type { Segment } from "../../api/types";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { formatCount } from "../../lib/words";
import { countFilters, type Filters } from "./address";
import { hitsQuery } from "./queries";

interface ResultsProps {
  kind: "segment" | "example";
  /** Null while the example is still being looked at. */
  id: number | string | null;
  filters: Filters;
  onClear: () => void;
  card: (segment: Segment, distance: number) => ReactNode;
  /** Beside the number of results, once there are some. */
  actions: (found: Segment[]) => ReactNode;
}

/** What was found, nearest first; more comes as one scrolls. */
export function Results({ kind, id, filters, onClear, card, actions }: ResultsProps) {
  const hits = useInfiniteQuery(hitsQuery(kind, id, filters));
  const more = useRef<HTMLButtonElement>(null);
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = hits;
  useEffect(() => {
    const element = more.current;
    if (!element || !hasNextPage || isFetchingNextPage || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) void fetchNextPage();
      },
      { rootMargin: "400px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);

  if (hits.isPending) return <Skeleton label="Looking for similar primitives…" className="hit-grid" height={140} rows={8} />;
  if (hits.isError && !hits.data) return <Failed what="The search failed" error={hits.error} onRetry={() => void hits.refetch()} />;
  const found = hits.data.pages.flatMap((page) => page.results);
  const first = hits.data.pages[0]!;
  const filtered = countFilters(filters) > 0;
  if (found.length === 0)
    return (
      <Empty
        title={filtered ? "No primitive passes these filters" : "Nothing to compare with yet"}
        icon="similar"
        actions={
          filtered && (
            <button type="button" className="button" onClick={onClear}>
              Clear filters
            </button>
          )
        }
      >
        {filtered ? "Take one away, or widen it." : "No other primitive of this project lies in the same space: it takes a finished run of the same tokenizer."}
      </Empty>
    );
  return (
    <>
      <div className="row wrap">
        <h2 className="small muted" role="status">
          nearest first, of {first.exact ? "" : "about "}
          <span title={`Space ${first.space}; ${first.exact ? "every one compared" : "found by an approximate index"}`}>
            {formatCount(first.searched)} primitives
          </span>
        </h2>
        <span className="push" />
        {actions(found.map(({ segment }) => segment))}
      </div>
      <ul className="hit-grid" aria-label="Results" aria-busy={hits.isPlaceholderData}>
        {found.map(({ segment, distance }) => card(segment, distance))}
      </ul>
      {hits.isError && <Failed small what="The rest could not be read" error={hits.error} onRetry={() => void fetchNextPage()} />}
      {hasNextPage && (
        <button ref={more} type="button" className="button more" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {isFetchingNextPage ? "Loading…" : "Show more"}
        </button>
      )}
    </>
  );
}
