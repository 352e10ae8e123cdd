import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link } from "react-router";
import type { Run } from "../../../api/types";
import { Progress } from "../../../components/Progress";
import { keepRequest } from "../../../features/cutting/draft";
import type { Drafting } from "../../../features/cutting/useDraft";
import { useKeepRun } from "../../../features/runs/mutations";
import { runQuery } from "../../../features/runs/queries";
import { paths } from "../../../lib/paths";

interface KeepProps {
  run: number;
  video: number;
  /** Of the project. */
  runs: readonly Run[];
  drafting: Drafting;
  /** The run that is being made of a draft kept before, if any. */
  making: number | null;
  onKept: (run: Run) => void;
}

/** A draft becomes a run of its own, which reuses all that comes before the cut. */
export function Keep({ run, video, runs, drafting, making, onKept }: KeepProps) {
  const keep = useKeepRun(run);
  const { draft, own, dirty } = drafting;
  const next = runs.reduce((most, one) => Math.max(most, one.number), 0) + 1;
  return (
    <>
      <button
        type="button"
        className="button primary"
        disabled={!dirty || !own || keep.isPending || making !== null}
        title="A new run with these numbers for all its videos; what comes before the cut is reused"
        onClick={() => own && keep.mutate(keepRequest(draft, own, video), { onSuccess: onKept })}
      >
        {keep.isPending ? "Keeping…" : `Keep as run ${next}`}
      </button>
      {keep.error && (
        <p role="alert" className="bad small">
          {keep.error.message}
        </p>
      )}
    </>
  );
}

interface FollowingProps {
  project: number;
  run: number;
  onArrived: () => void;
  onDismiss: () => void;
}

/** How far the new run is; when it is done, the page goes over to it. */
export function Following({ project, run: id, onArrived, onDismiss }: FollowingProps) {
  const run = useQuery({ ...runQuery(id), refetchInterval: 3000 });
  const arrived = useRef(onArrived);
  useEffect(() => {
    arrived.current = onArrived;
  }, [onArrived]);
  const status = run.data?.status;
  useEffect(() => {
    if (status === "done") arrived.current();
  }, [status]);
  if (!run.data || status === "done") return null;
  const over = status === "failed" || status === "cancelled";
  return (
    <div className={over ? "notice bad keeping" : "notice keeping"} role="status">
      <div className="row">
        <span className="clip-text">
          <Link to={paths.run(project, id)}>Run {run.data.number}</Link> {over ? run.data.reason || `was ${status}` : run.data.message || "waits for a worker"}
        </span>
        {over ? (
          <button type="button" className="button small push" onClick={onDismiss}>
            Dismiss
          </button>
        ) : (
          <span className="push strong">{Math.floor(run.data.progress * 100)} %</span>
        )}
      </div>
      {!over && <Progress value={run.data.progress} label={`Run ${run.data.number}`} />}
    </div>
  );
}
