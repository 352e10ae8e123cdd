import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { ApiError } from "../../api/errors";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import "../../features/actions/actions.css";
import { cyclesQuery, transitionsQuery } from "../../features/actions/queries";
import { CycleRows } from "../../features/flow/CycleRows";
import "../../features/flow/flow.css";
import { TransitionGraph } from "../../features/flow/TransitionGraph";
import { TransitionMatrix } from "../../features/flow/TransitionMatrix";
import { projectQuery } from "../../features/projects/queries";
import { runQuery } from "../../features/runs/queries";
import { paths } from "../../lib/paths";
import { setOrDrop, usePatchSearch } from "../../lib/search";
import { formatSeconds } from "../../lib/time";
import { formatShare, plural } from "../../lib/words";
import { NotFound } from "./NotFound";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** What follows what in a run, and the cycles that makes. */
export function FlowRoute() {
  const project = useIdParam("project");
  const run = useIdParam("run");
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  const asked = params.get("start");
  const start = asked !== null && /^(action|cluster):\d{1,15}$/.test(asked) ? asked : null;
  const owner = useQuery(projectQuery(project));
  const one = useQuery(runQuery(run));
  const flow = useQuery(transitionsQuery(run));
  const cycles = useQuery({ ...cyclesQuery(run, start), placeholderData: keepPreviousData });
  const [threshold, setThreshold] = useState(0.1);
  useTitle(one.data && `Flow of run ${one.data.number}`, owner.data?.name);

  if (one.error instanceof ApiError && one.error.status === 404) return <NotFound />;
  if (one.isPending) return <Skeleton label="Loading transitions…" className="page" height={480} />;
  const suggested = cycles.data?.groups.find(({ key }) => key === cycles.data.suggested);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Flow</h1>
          {one.data && (
            <p className="facts">
              <span>run {one.data.number}</span>
              <span>{plural(one.data.n_segments, "primitive")}</span>
              {flow.data && <span>{plural(flow.data.n_videos, "video")}</span>}
            </p>
          )}
        </div>
        <Link className="button" to={paths.clusters(project, run)}>
          Actions
        </Link>
      </div>

      {flow.isPending ? (
        <Skeleton label="Loading transitions…" height={480} />
      ) : flow.isError ? (
        <Failed what="The transitions could not be read" error={flow.error} onRetry={() => void flow.refetch()} />
      ) : flow.data.transitions.length === 0 ? (
        <Empty title="Nothing follows anything yet" icon="flow">
          A run with clusters shows here which primitive comes after which.
        </Empty>
      ) : (
        <div className="flow-columns">
          <section className="panel flow-panel" aria-label="What follows what">
            <div className="flow-panel-head">
              <h2>What follows what</h2>
              <label className="flow-threshold push">
                <span className="small muted">at least</span>
                <input type="range" min={0} max={1} step={0.05} value={threshold} onChange={(event) => setThreshold(Number(event.target.value))} aria-label="Least probability shown" />
                <output className="small">{formatShare(threshold)}</output>
              </label>
            </div>
            <TransitionGraph flow={flow.data} threshold={threshold} />
          </section>
          <section className="panel flow-panel" aria-label="The same in figures">
            <h2>The same in figures</h2>
            <TransitionMatrix flow={flow.data} threshold={threshold} />
          </section>
        </div>
      )}

      <section className="panel flow-panel" aria-label="Cycles">
        <div className="flow-panel-head">
          <h2>Cycles</h2>
          {cycles.data && cycles.data.groups.length > 0 && (
            <label className="row">
              <span className="small muted nowrap">begin with</span>
              <select className="select" value={start ?? cycles.data.start ?? ""} onChange={(event) => patchSearch((next) => setOrDrop(next, "start", event.target.value))}>
                {cycles.data.start === null && <option value="">–</option>}
                {cycles.data.groups.map((group) => (
                  <option key={group.key} value={group.key}>
                    {group.name}
                    {group.key === cycles.data.suggested ? " (suggested)" : ""}
                  </option>
                ))}
              </select>
            </label>
          )}
          {cycles.data && cycles.data.median_s !== null && (
            <p className="facts" title="Of the complete cycles of all videos; an outlier is further from the median than three times the MAD">
              <span>median {formatSeconds(cycles.data.median_s)}</span>
              <span>MAD {formatSeconds(cycles.data.mad_s ?? 0)}</span>
              <span>n = {cycles.data.n}</span>
              <span>{plural(cycles.data.videos.flatMap((video) => video.cycles).filter(({ outlier }) => outlier).length, "outlier")}</span>
            </p>
          )}
        </div>
        {cycles.isPending ? (
          <Skeleton label="Loading cycles…" height={26} rows={6} />
        ) : cycles.isError ? (
          <Failed what="The cycles could not be read" error={cycles.error} onRetry={() => void cycles.refetch()} />
        ) : cycles.data.start === null ? (
          <Empty small title="Nothing comes twice in a video">
            A cycle goes from one occurrence of a primitive to its next; choose where it begins once something recurs.
          </Empty>
        ) : (
          <>
            {suggested && start === null && <p className="hint">“{suggested.name}” recurs most regularly. The dashed line is the median.</p>}
            <CycleRows cycles={cycles.data} videoHref={(video, timeS) => `/projects/${project}/videos/${video}?run=${run}&t=${timeS.toFixed(3)}`} />
          </>
        )}
      </section>
    </div>
  );
}
