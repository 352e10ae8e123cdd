import { Icon } from "../../components/Icon";
import { Progress } from "../../components/Progress";
import type { Run } from "../../api/types";
import { formatFigure } from "../../lib/words";
import { useCancelRun, useRetryRun } from "./mutations";
import { isActiveRun } from "./RunBadge";
import { SuggestedK } from "./SuggestedK";
import "./runs.css";

export function RunActions({ run }: { run: Run }) {
  const cancel = useCancelRun();
  const retry = useRetryRun();
  const error = cancel.error ?? retry.error;
  return (
    <div className="row wrap">
      {error && (
        <span role="alert" className="bad small">
          {error.message}
        </span>
      )}
      {isActiveRun(run) && !run.cancel_requested && (
        <button type="button" className="button" disabled={cancel.isPending} onClick={() => cancel.mutate(run.id)}>
          <Icon name="stop" /> {cancel.isPending ? "Cancelling…" : "Cancel run"}
        </button>
      )}
      {run.can_retry && (
        <button type="button" className="button" disabled={retry.isPending} onClick={() => retry.mutate(run.id)}>
          <Icon name="retry" /> {retry.isPending ? "Starting again…" : run.status === "done" ? "Retry what failed" : "Retry"}
        </button>
      )}
    </div>
  );
}

export function RunProgress({ run }: { run: Run }) {
  if (isActiveRun(run))
    return (
      <div className="run-progress">
        <span className="muted clip-text">
          {run.cancel_requested ? "cancelling: the stages at work finish their step first" : run.message || "waiting for a worker"}
        </span>
        <span className="push strong">{Math.floor(run.progress * 100)} %</span>
        <Progress value={run.status === "queued" ? 0 : run.progress} label={`Run ${run.number}`} />
      </div>
    );
  if (run.status === "failed" || run.status === "cancelled")
    return (
      <div className={run.status === "failed" ? "notice bad" : "notice"} role="status">
        <Icon name="warning" />
        <div>
          <p>{run.reason || (run.status === "failed" ? "The run failed." : "The run was cancelled.")}</p>
          {run.can_retry && <p className="muted">What is finished is kept; a retry goes on from there.</p>}
        </div>
      </div>
    );
  return null;
}

/** What the run measured, each figure with what made it. */
export function RunFigures({ run }: { run: Run }) {
  const made = `Run ${run.number}, preset ${run.preset}, configuration ${run.config_hash.slice(0, 10)}, n = ${run.n_segments}`;
  const { metrics } = run;
  return (
    <div className="run-figures">
      <section className="panel figure-panel" aria-label="Clustering">
        <h2>Clustering</h2>
        <dl className="stats">
          <Figure title={made} name="Primitives" value={formatFigure(run.n_segments, 9)} />
          <Figure title={made} name="Clusters" value={run.n_clusters_found === 0 ? "–" : String(run.n_clusters_found)} />
          <Figure title={`${made}. From −1 to 1; higher is better apart.`} name="Silhouette" value={formatFigure(metrics.silhouette)} />
          <Figure
            title={`${made}. Between-cluster over within-cluster spread; compare only at the same n.`}
            name="Calinski–Harabasz"
            value={formatFigure(metrics.calinski_harabasz)}
          />
          <Figure
            title={`${made}. Mean adjusted Rand index of clusterings of 80 % of the primitives against this one; 1: the same clusters come back.`}
            name="Stability"
            value={formatFigure(metrics.stability)}
          />
        </dl>
        {run.suggested_k.length > 1 && (
          <SuggestedK curve={run.suggested_k} chosen={run.n_clusters_found} asked={run.n_clusters !== null} />
        )}
      </section>
      <section className="panel figure-panel" aria-label="Threshold">
        <h2>Threshold</h2>
        <Thresholds run={run} made={made} />
      </section>
    </div>
  );
}

/** One threshold as figures; several, one a view, as a table. */
function Thresholds({ run, made }: { run: Run; made: string }) {
  const [first, ...others] = run.calibrations;
  if (first === undefined) return <p className="muted">Known once every video’s energy is.</p>;
  const warnings = run.calibrations.flatMap(({ view, warning }) => (warning ? [{ view, warning }] : []));
  return (
    <>
      {others.length === 0 ? (
        <dl className="stats">
          <Figure title={made} name="θ on" value={formatFigure(first.theta_on)} />
          <Figure title={made} name="θ off" value={formatFigure(first.theta_off)} />
          <Figure
            title={`${made}. Against pseudo-labels from point velocity; calling everything motion scores ${formatFigure(first.f1_always_on)}.`}
            name="F1 (always on)"
            value={`${formatFigure(first.f1)} (${formatFigure(first.f1_always_on)})`}
          />
          <Figure title={`${made}. Area under the ROC curve against the same labels.`} name="AUC" value={formatFigure(first.auc)} />
          <Figure title={`${made}. Youden’s J at θ on.`} name="J" value={formatFigure(first.j)} />
        </dl>
      ) : (
        <div className="figures-scroll">
          <table className="view-figures" title={made}>
            <thead>
              <tr>
                <th scope="col">View</th>
                <th scope="col">θ on</th>
                <th scope="col">θ off</th>
                <th scope="col">F1 (always on)</th>
                <th scope="col">AUC</th>
                <th scope="col">J</th>
              </tr>
            </thead>
            <tbody>
              {run.calibrations.map((one) => (
                <tr key={one.view}>
                  <th scope="row">{one.view}</th>
                  <td>{formatFigure(one.theta_on)}</td>
                  <td>{formatFigure(one.theta_off)}</td>
                  <td>
                    {formatFigure(one.f1)} ({formatFigure(one.f1_always_on)})
                  </td>
                  <td>{formatFigure(one.auc)}</td>
                  <td>{formatFigure(one.j)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {warnings.map(({ view, warning }) => (
        <p className="notice" key={view}>
          <Icon name="warning" /> {others.length > 0 && `${view}: `}
          {warning}
        </p>
      ))}
      <p className="hint">
        {run.theta_on === null
          ? "Calibrated without labels, one for each view: the θ on that agrees best with when the tracked points move. A video without a view is a view of its own."
          : "Given when the run was started."}
      </p>
    </>
  );
}

function Figure({ name, value, title }: { name: string; value: string; title: string }) {
  return (
    <div className="stat" title={title}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
