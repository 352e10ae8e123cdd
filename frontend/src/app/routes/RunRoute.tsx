import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { ApiError } from "../../api/errors";
import { Failed, Skeleton } from "../../components/PanelState";
import { projectQuery } from "../../features/projects/queries";
import { runQuery } from "../../features/runs/queries";
import { Configuration } from "../../features/runs/Configuration";
import { RunBadge } from "../../features/runs/RunBadge";
import { RunActions, RunFigures, RunProgress } from "../../features/runs/RunHeader";
import { StageMatrix } from "../../features/runs/StageMatrix";
import { paths } from "../../lib/paths";
import { formatAgo } from "../../lib/time";
import { plural } from "../../lib/words";
import { NotFound } from "./NotFound";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

export function RunRoute() {
  const project = useIdParam("project");
  const id = useIdParam("run");
  const run = useQuery(runQuery(id));
  const owner = useQuery(projectQuery(project));
  useTitle(run.data && `Run ${run.data.number}`, owner.data?.name);

  if (run.isPending)
    return (
      <div className="page">
        <Skeleton label="Loading the run…" height={120} rows={3} />
      </div>
    );
  if (run.isError)
    return run.error instanceof ApiError && run.error.status === 404 ? (
      <NotFound />
    ) : (
      <Failed what="The run could not be read" error={run.error} onRetry={() => void run.refetch()} />
    );

  const mayManage = owner.data?.role === "manager" || owner.data?.role === "owner";
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1 className="row">
            Run {run.data.number} <RunBadge run={run.data} />
          </h1>
          <p className="facts">
            <span>preset {run.data.preset}</span>
            <span>k {run.data.n_clusters ?? "suggested"}</span>
            <span>θ on {run.data.theta_on ?? "calibrated"}</span>
            <span>{plural(run.data.n_videos, "video")}</span>
            <span>
              {run.data.started_by ? `${run.data.started_by}, ` : ""}
              {formatAgo(run.data.created_at)}
            </span>
            <span title={run.data.config_hash}>configuration {run.data.config_hash.slice(0, 10)}</span>
          </p>
        </div>
        {mayManage && <RunActions run={run.data} />}
        {run.data.n_clusters_found > 0 && (
          <Link className="button" to={paths.compareWith(project, id)}>
            Compare
          </Link>
        )}
        {run.data.n_clusters_found > 0 && (
          <Link className="button" to={paths.coherence(project, id)}>
            Coherence
          </Link>
        )}
        {run.data.n_segments > 0 && owner.data !== undefined && owner.data.role !== "viewer" && (
          <Link className="button" to={paths.review(project, id)}>
            Review
          </Link>
        )}
        {run.data.n_clusters_found > 0 && (
          <Link className="button primary" to={paths.clusters(project, id)}>
            Explore clusters
          </Link>
        )}
      </div>
      <RunProgress run={run.data} />
      <section className="stack" aria-label="Stages">
        <h2>Stages</h2>
        <StageMatrix run={id} />
      </section>
      {(run.data.calibrations.length > 0 || run.data.n_clusters_found > 0) && <RunFigures run={run.data} />}
      <Configuration config={run.data.config} hash={run.data.config_hash} />
    </div>
  );
}
