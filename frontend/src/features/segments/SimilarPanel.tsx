import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { Link } from "react-router";
import type { Segment } from "../../api/types";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { formatCount } from "../../lib/words";
import { countFilters, NO_FILTERS, type SimilarFilters } from "./filters";
import { similarQuery } from "./queries";
import { SegmentCard } from "./SegmentCard";
import "./segments.css";

interface Option {
  id: number;
  name: string;
}

interface SimilarPanelProps {
  segment: Segment;
  filters: SimilarFilters;
  onFilters: (filters: SimilarFilters) => void;
  videos: readonly Option[];
  clusters: readonly Option[];
  linkTo: (segment: Segment) => string;
  videoLinkTo?: (segment: Segment) => string;
  /** The same search with every filter and more rows. */
  searchTo: string;
}

/** What moves like this primitive, nearest first. */
export function SimilarPanel({ segment, filters, onFilters, videos, clusters, linkTo, videoLinkTo, searchTo }: SimilarPanelProps) {
  const similar = useQuery(similarQuery(segment.id, filters));
  return (
    <section className="similar" aria-label="Similar primitives">
      <div className="row wrap">
        <h2>Similar primitives</h2>
        {similar.data && (
          <small
            className="muted push"
            title={`Space ${similar.data.space}; ${similar.data.exact ? "every candidate compared" : "approximate index"}`}
          >
            of {formatCount(similar.data.searched)}
            {similar.data.exact ? "" : ", approximate"}
          </small>
        )}
      </div>
      <Filters filters={filters} onFilters={onFilters} videos={videos} clusters={clusters} searchTo={searchTo} />
      {similar.isPending ? (
        <Skeleton label="Looking for similar primitives…" className="segment-grid" height={120} rows={6} />
      ) : similar.isError ? (
        <Failed small what="The search failed" error={similar.error} onRetry={() => void similar.refetch()} />
      ) : similar.data.results.length === 0 ? (
        <Empty
          small
          title="Nothing like it here"
          actions={
            countFilters(filters) > 0 && (
              <button type="button" className="button" onClick={() => onFilters({ ...NO_FILTERS, scope: filters.scope })}>
                Clear filters
              </button>
            )
          }
        >
          {countFilters(filters) > 0 ? "No primitive passes these filters." : "This run has no other primitive to compare with."}
        </Empty>
      ) : (
        <ul className="segment-grid" aria-busy={similar.isPlaceholderData}>
          {similar.data.results.map((hit) => (
            <SegmentCard
              key={hit.segment.id}
              segment={hit.segment}
              distance={hit.distance}
              to={linkTo(hit.segment)}
              videoTo={videoLinkTo?.(hit.segment)}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

interface FiltersProps {
  filters: SimilarFilters;
  onFilters: (filters: SimilarFilters) => void;
  videos: readonly Option[];
  clusters: readonly Option[];
  searchTo: string;
}

const read = (text: string): number | null => (text === "" ? null : Math.max(0, Number(text)));

function Filters({ filters, onFilters, videos, clusters, searchTo }: FiltersProps) {
  const id = useId();
  const active = countFilters(filters);
  const set = (change: Partial<SimilarFilters>) => onFilters({ ...filters, ...change });
  return (
    <details className="filters" open={active > 0 || undefined}>
      <summary>{active > 0 ? `Filters (${active})` : "Filters"}</summary>
      <div className="filter-grid">
        <div className="field">
          <label htmlFor={`${id}-scope`}>Search in</label>
          <select id={`${id}-scope`} className="select" value={filters.scope} onChange={(event) => set({ scope: event.target.value === "project" ? "project" : "run" })}>
            <option value="run">This run</option>
            <option value="project">The project</option>
          </select>
        </div>
        <div className="field">
          <label htmlFor={`${id}-video`}>Video</label>
          <select id={`${id}-video`} className="select" value={filters.video ?? ""} onChange={(event) => set({ video: read(event.target.value) })}>
            <option value="">Any</option>
            {videos.map((video) => (
              <option key={video.id} value={video.id}>
                {video.name}
              </option>
            ))}
          </select>
        </div>
        <div className="field">
          <label htmlFor={`${id}-cluster`}>Cluster</label>
          <select id={`${id}-cluster`} className="select" value={filters.cluster ?? ""} onChange={(event) => set({ cluster: read(event.target.value) })}>
            <option value="">Any</option>
            {clusters.map((cluster) => (
              <option key={cluster.id} value={cluster.id}>
                {cluster.name}
              </option>
            ))}
          </select>
        </div>
        <div className="field">
          <span className="label" id={`${id}-duration`}>
            Duration, s
          </span>
          <span className="row" role="group" aria-labelledby={`${id}-duration`}>
            <input
              className="input"
              type="number"
              min={0}
              step={0.1}
              placeholder="min"
              aria-label="Shortest, in seconds"
              value={filters.minDurationS ?? ""}
              onChange={(event) => set({ minDurationS: read(event.target.value) })}
            />
            <input
              className="input"
              type="number"
              min={0}
              step={0.1}
              placeholder="max"
              aria-label="Longest, in seconds"
              value={filters.maxDurationS ?? ""}
              onChange={(event) => set({ maxDurationS: read(event.target.value) })}
            />
          </span>
        </div>
        <label className="check row">
          <input type="checkbox" checked={filters.excludeSameVideo} onChange={(event) => set({ excludeSameVideo: event.target.checked })} />
          Other videos only
        </label>
        <Link className="button small" to={searchTo} title="By action, view, quality and day as well, and page by page">
          More in search
        </Link>
      </div>
    </details>
  );
}
