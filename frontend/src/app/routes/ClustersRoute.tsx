import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { ApiError } from "../../api/errors";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Icon } from "../../components/Icon";
import { LoopingClip } from "../../components/LoopingClip";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { ClusterGrid } from "../../features/clusters/ClusterGrid";
import { MapPanel } from "../../features/clusters/MapPanel";
import { clustersQuery } from "../../features/clusters/queries";
import { projectQuery } from "../../features/projects/queries";
import { runQuery, runsQuery } from "../../features/runs/queries";
import { SuggestedK } from "../../features/runs/SuggestedK";
import { filtersFrom, withFilters } from "../../features/segments/filters";
import { segmentQuery } from "../../features/segments/queries";
import { SegmentFacts } from "../../features/segments/SegmentFacts";
import { SegmentGrid } from "../../features/segments/SegmentGrid";
import { SimilarPanel } from "../../features/segments/SimilarPanel";
import { videosQuery } from "../../features/videos/queries";
import { paths } from "../../lib/paths";
import { idFrom, setOrDrop, usePatchSearch } from "../../lib/search";
import { formatSeconds } from "../../lib/time";
import { formatFigure, formatShare, plural } from "../../lib/words";
import { NotFound } from "./NotFound";
import "./routes.css";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** Map and cards; opening a cluster or a primitive takes the cards' place, and the map lights it. */
export function ClustersRoute() {
  const project = useIdParam("project");
  const run = useIdParam("run");
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  const navigate = useNavigate();
  const owner = useQuery(projectQuery(project));
  const runs = useQuery(runsQuery(project));
  const one = useQuery(runQuery(run));
  const clusters = useQuery(clustersQuery(run));
  const segmentId = idFrom(params, "segment");
  const clusterIndex = idFrom(params, "cluster");
  const segment = useQuery({ ...segmentQuery(segmentId ?? 0), enabled: segmentId !== null });
  const [pointed, setPointed] = useState<number | null>(null);
  useTitle(one.data && `Clusters of run ${one.data.number}`, owner.data?.name);

  const openSegment = (id: number | null) => patchSearch((next) => setOrDrop(next, "segment", id), { push: true });
  const openCluster = (index: number | null) =>
    patchSearch(
      (next) => {
        setOrDrop(next, "cluster", index === clusterIndex && segmentId === null ? null : index);
        next.delete("segment");
      },
      { push: true },
    );
  const clusterHref = (index: number) => `${paths.clusters(project, run)}?cluster=${index}`;
  const here = segmentId === null ? clusterIndex : (segment.data?.cluster ?? clusterIndex);
  const shown = clusters.data?.find((cluster) => cluster.index === here);

  if (one.error instanceof ApiError && one.error.status === 404) return <NotFound />;
  const done = runs.data?.filter((candidate) => candidate.n_clusters_found > 0) ?? [];

  return (
    <div className="page clusters-page">
      <div className="page-head">
        <div>
          <h1>Clusters</h1>
          {one.data && (
            <p className="facts">
              <span title={`Run ${one.data.number}, configuration ${one.data.config_hash.slice(0, 10)}, n = ${one.data.n_segments}`}>
                silhouette {formatFigure(one.data.metrics.silhouette)}
              </span>
              <span>Calinski–Harabasz {formatFigure(one.data.metrics.calinski_harabasz)}</span>
              <span title="Mean adjusted Rand index of clusterings of 80 % of the primitives against this one">
                stability {formatFigure(one.data.metrics.stability)}
              </span>
              <span>k = {one.data.n_clusters_found || "–"}</span>
              <span>{plural(one.data.n_segments, "primitive")}</span>
              {owner.data?.synthetic && <span className="badge">synthetic</span>}
            </p>
          )}
        </div>
        <label className="row">
          <span className="small muted">Run</span>
          <select className="select" value={run} onChange={(event) => void navigate(paths.clusters(project, Number(event.target.value)))}>
            {!done.some((candidate) => candidate.id === run) && <option value={run}>{one.data ? one.data.number : "…"}</option>}
            {done.map((candidate) => (
              <option key={candidate.id} value={candidate.id}>
                {candidate.number} · {candidate.preset}, k {candidate.n_clusters_found}
              </option>
            ))}
          </select>
        </label>
        <Link className="button" to={paths.coherence(project, run)}>
          Coherence
        </Link>
        <Link className="button" to={paths.run(project, run)}>
          Run details
        </Link>
      </div>

      <div className="clusters-columns">
        <div className="clusters-left">
          <MapPanel
            run={run}
            runNumber={one.data?.number ?? run}
            lit={pointed ?? here ?? null}
            selected={segmentId}
            onPick={openSegment}
            onCluster={openCluster}
            preview={(id) => <PointPreview id={id} />}
          />
          {one.data && one.data.suggested_k.length > 1 && segmentId === null && clusterIndex === null && (
            <div className="panel k-panel">
              <SuggestedK curve={one.data.suggested_k} chosen={one.data.n_clusters_found} asked={one.data.n_clusters !== null} />
            </div>
          )}
        </div>

        <div className="clusters-right">
          {(segmentId !== null || clusterIndex !== null) && (
            <nav className="crumbs" aria-label="Where you are">
              <Link to={paths.clusters(project, run)}>All clusters</Link>
              {shown && (
                <>
                  <Icon name="right" size={12} />
                  <ClusterSwatch cluster={shown.index} />
                  {segmentId === null ? <span aria-current="page">{shown.name}</span> : <Link to={clusterHref(shown.index)}>{shown.name}</Link>}
                </>
              )}
              {segmentId !== null && (
                <>
                  <Icon name="right" size={12} />
                  <span aria-current="page">Primitive{segment.data ? ` ${segment.data.index + 1}` : ""}</span>
                </>
              )}
            </nav>
          )}

          {segmentId !== null ? (
            segment.isPending ? (
              <Skeleton label="Loading the primitive…" height={180} rows={2} />
            ) : segment.isError ? (
              <Failed what="The primitive could not be read" error={segment.error} onRetry={() => void segment.refetch()} />
            ) : (
              <>
                <div className="segment-split">
                  <LoopingClip src={segment.data.clip_url} poster={segment.data.poster_url} label={`Primitive ${segment.data.index + 1}`} />
                  <SegmentFacts
                    segment={segment.data}
                    clusterName={shown?.name ?? null}
                    runNumber={one.data?.number}
                    actions={
                      <Link className="button" to={paths.segmentInVideo(project, segment.data)}>
                        <Icon name="videos" /> Open in video
                      </Link>
                    }
                  />
                </div>
                <SimilarPanelHere project={project} segment={segment.data} clusters={clusters.data ?? []} />
              </>
            )
          ) : clusterIndex !== null ? (
            <>
              {shown && (
                <p className="facts">
                  <span>{plural(shown.size, "primitive")}</span>
                  <span>{formatShare(shown.share)} of the run</span>
                  <span>mean {formatSeconds(shown.mean_duration_s)}</span>
                  <span>silhouette {formatFigure(shown.silhouette, 2)}</span>
                </p>
              )}
              {clusters.data && !shown ? (
                <Empty
                  title="No such cluster in this run"
                  actions={
                    <Link className="button" to={paths.clusters(project, run)}>
                      All clusters
                    </Link>
                  }
                >
                  Another run may have had more of them.
                </Empty>
              ) : (
                <SegmentGrid project={project} run={run} cluster={clusterIndex} />
              )}
            </>
          ) : (
            <ClusterGrid
              run={run}
              linkTo={clusterHref}
              onPoint={setPointed}
              emptyStep={
                <Link className="button" to={paths.run(project, run)}>
                  See how the run stands
                </Link>
              }
            />
          )}
        </div>
      </div>
    </div>
  );
}

interface SimilarHereProps {
  project: number;
  segment: Parameters<typeof SimilarPanel>[0]["segment"];
  clusters: readonly { index: number; name: string }[];
}

function SimilarPanelHere({ project, segment, clusters }: SimilarHereProps) {
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
      linkTo={(hit) =>
        `${paths.clusters(project, hit.run)}?${withFilters(new URLSearchParams({ segment: String(hit.id) }), filters).toString()}`
      }
      videoLinkTo={(hit) => paths.segmentInVideo(project, hit)}
    />
  );
}

/** Waits a moment, so that crossing the map does not ask for every point on the way. */
function PointPreview({ id }: { id: number }) {
  const [asked, setAsked] = useState<number | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(id), 120);
    return () => clearTimeout(timer);
  }, [id]);
  const segment = useQuery({ ...segmentQuery(id), enabled: asked === id });
  return (
    <>
      <LoopingClip src={segment.data?.clip_url ?? null} poster={segment.data?.poster_url ?? null} label="The primitive under the pointer" />
      <p className="small preview-words">
        {segment.data ? (
          <>
            <ClusterSwatch cluster={segment.data.cluster} /> {formatSeconds(segment.data.duration_s)}{" "}
            <span className="muted clip-text">{segment.data.video_title}</span>
          </>
        ) : segment.isError ? (
          segment.error.message
        ) : (
          <span className="muted">…</span>
        )}
      </p>
    </>
  );
}
