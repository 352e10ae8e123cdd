import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Run } from "../../api/types";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { Progress } from "../../components/Progress";
import { formatAgo, formatSpan } from "../../lib/time";
import { formatFigure, plural } from "../../lib/words";
import { runsQuery } from "./queries";
import { isActiveRun, RunBadge } from "./RunBadge";
import "./runs.css";

export function RunList({ project, step }: { project: number; step?: ReactNode }) {
  const runs = useQuery(runsQuery(project));

  if (runs.isPending) return <Skeleton label="Loading runs…" height={64} rows={4} gap={1} />;
  if (runs.isError) return <Failed what="The runs could not be read" error={runs.error} onRetry={() => void runs.refetch()} />;
  if (runs.data.length === 0)
    return (
      <Empty title="No runs yet" icon="runs" actions={step}>
        A run is one pass over the project’s videos with one frozen configuration. It finds the primitives and puts those that move
        alike together.
      </Empty>
    );
  return (
    <ul className="run-list panel" aria-label="Runs">
      {runs.data.map((run) => (
        <RunRow key={run.id} run={run} />
      ))}
    </ul>
  );
}

function RunRow({ run }: { run: Run }) {
  return (
    <li className="run-row">
      <h3>
        <Link to={`/projects/${run.project}/runs/${run.id}`}>Run {run.number}</Link>
      </h3>
      <RunBadge run={run} />
      <div className="what">
        {isActiveRun(run) ? (
          <>
            <span className="small muted clip-text">{run.message || "waiting for a worker"}</span>
            <Progress value={run.status === "queued" ? 0 : run.progress} label={`Run ${run.number}`} />
          </>
        ) : run.status === "failed" ? (
          <span className="bad small">{run.reason || "failed"}</span>
        ) : (
          <span className="facts">
            <span>{plural(run.n_segments, "primitive")}</span>
            {run.n_clusters_found > 0 && <span>{plural(run.n_clusters_found, "cluster")}</span>}
            {run.metrics.silhouette !== null && <span>silhouette {formatFigure(run.metrics.silhouette)}</span>}
          </span>
        )}
      </div>
      <span className="facts aside">
        <span>{run.preset}</span>
        <span>k {run.n_clusters ?? "suggested"}</span>
        <span>{plural(run.n_videos, "video")}</span>
        <span>{when(run)}</span>
        {run.started_by && <span>{run.started_by}</span>}
      </span>
      {run.status === "done" && (
        <Link className="button small explore" to={`/projects/${run.project}/runs/${run.id}/clusters`}>
          Clusters
        </Link>
      )}
    </li>
  );
}

function when(run: Run): string {
  if (run.started_at && run.finished_at)
    return `${formatAgo(run.finished_at)}, took ${formatSpan((Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000)}`;
  return formatAgo(run.created_at);
}
