import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { ApiError } from "../../api/errors";
import type { Stage } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { Progress } from "../../components/Progress";
import { CoherencePanel } from "../../features/coherence/CoherencePanel";
import { coherenceQuery } from "../../features/coherence/queries";
import { projectQuery } from "../../features/projects/queries";
import { useCancelRun, useMeasureCoherence } from "../../features/runs/mutations";
import { runQuery, stagesQuery } from "../../features/runs/queries";
import { isActiveRun } from "../../features/runs/RunBadge";
import { paths } from "../../lib/paths";
import { NotFound } from "./NotFound";
import "./routes.css";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

const UNFINISHED: readonly Stage["status"][] = ["waiting", "queued", "running"];

/** Whether what moves alike also looks alike: the figures of each encoder, or what stands in their way. */
export function CoherenceRoute() {
  const project = useIdParam("project");
  const id = useIdParam("run");
  const owner = useQuery(projectQuery(project));
  const run = useQuery(runQuery(id));
  const stages = useQuery(stagesQuery(id));
  const coherence = useQuery(coherenceQuery(id));
  const measure = useMeasureCoherence();
  const stop = useCancelRun();
  useTitle(run.data && `Coherence of run ${run.data.number}`, owner.data?.name);

  if (run.error instanceof ApiError && run.error.status === 404) return <NotFound />;

  const mayManage = owner.data?.role === "manager" || owner.data?.role === "owner";
  const measuring = stages.data?.filter(({ stage }) => stage === "visual" || stage === "coherence") ?? [];
  const unfinished = measuring.filter(({ status }) => UNFINISHED.includes(status));
  const underWay = unfinished.length > 0;
  const failed = measuring.find(({ status }) => status === "failed");
  const canMeasure = mayManage && stages.isSuccess && !underWay && (run.data?.n_clusters_found ?? 0) > 0;
  const measureButton = canMeasure && (
    <button type="button" className="button" disabled={measure.isPending} onClick={() => measure.mutate(id)}>
      <Icon name="retry" /> {measure.isPending ? "Starting…" : coherence.data?.length ? "Measure again" : "Measure coherence"}
    </button>
  );

  return (
    <div className="page coherence-page">
      <div className="page-head">
        <div>
          <h1>Coherence</h1>
          <p className="facts">
            {run.data && <span>run {run.data.number}</span>}
            <span>How alike the primitives of a cluster look: mean cosine of their pictures, against pairs from the whole run.</span>
          </p>
        </div>
        {(coherence.data?.length ?? 0) > 0 && measureButton}
        <Link className="button" to={paths.clusters(project, id)}>
          Clusters
        </Link>
      </div>
      {(measure.error ?? stop.error) && (
        <p role="alert" className="bad">
          {(measure.error ?? stop.error)!.message}
        </p>
      )}
      {underWay && run.data && (
        <div className="measuring" role="status">
          <span className="muted clip-text">{progressWords(unfinished)}</span>
          {mayManage && !isActiveRun(run.data) && !run.data.cancel_requested && (
            <button type="button" className="button small" disabled={stop.isPending} onClick={() => stop.mutate(id)}>
              <Icon name="stop" /> Stop
            </button>
          )}
          <Progress value={shareDone(measuring)} label="Measuring coherence" />
        </div>
      )}
      {!underWay && failed && (
        <div className="notice bad" role="alert">
          <Icon name="warning" />
          <p>{failed.reason || "Measuring failed."}</p>
        </div>
      )}
      {coherence.isPending ? (
        <Skeleton label="Loading coherence…" height={240} rows={2} />
      ) : coherence.isError ? (
        <Failed what="The coherence could not be read" error={coherence.error} onRetry={() => void coherence.refetch()} />
      ) : coherence.data.length === 0 ? (
        !underWay && (
          <Empty title="Not measured yet" icon="similar" actions={measureButton || undefined}>
            {run.data && run.data.n_clusters_found === 0
              ? "The run has no clusters yet; their coherence is measured once it has."
              : "Every primitive’s pictures are looked at, then each cluster is compared with random pairs."}
          </Empty>
        )
      ) : (
        <div className="coherence-panels">
          {coherence.data.map((one) => (
            <CoherencePanel
              key={one.encoder}
              coherence={one}
              runNumber={run.data?.number ?? id}
              clusterHref={(index) => paths.cluster(project, id, index)}
            />
          ))}
        </div>
      )}
    </div>
  );
}

function progressWords(unfinished: readonly Stage[]): string {
  const running = unfinished.find(({ status }) => status === "running");
  if (running) return ["measuring", running.video_title, running.message].filter(Boolean).join(" · ");
  return unfinished.some(({ status }) => status === "queued") ? "waiting for a worker" : "waits for the run’s clusters";
}

function shareDone(stages: readonly Stage[]): number {
  const shares: number[] = stages.map(({ status, progress }) => (UNFINISHED.includes(status) ? progress : 1));
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}
