import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import type { Project, Run } from "../../api/types";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { groupsQuery } from "../../features/actions/queries";
import { AgreementPanel } from "../../features/agreement/AgreementPanel";
import { Conflicts } from "../../features/agreement/Conflicts";
import { ProgressPanel } from "../../features/agreement/ProgressPanel";
import { agreementKeys, progressQuery } from "../../features/agreement/queries";
import { AssignDialog, type Option } from "../../features/assignments/AssignDialog";
import { clustersQuery } from "../../features/clusters/queries";
import { projectQuery } from "../../features/projects/queries";
import { runsQuery } from "../../features/runs/queries";
import { setsQuery } from "../../features/selection/queries";
import { paths } from "../../lib/paths";
import { idFrom, setOrDrop, usePatchSearch } from "../../lib/search";
import { plural } from "../../lib/words";
import { DiscoverStep } from "./DiscoverStep";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** How far the team is with judging a run, how far it agrees, and what is left to settle. */
export function TeamReviewRoute() {
  const id = useIdParam("project");
  const project = useQuery(projectQuery(id));
  const runs = useQuery(runsQuery(id));
  useTitle("Review", project.data?.name);

  if (runs.isPending || project.isPending)
    return (
      <div className="page">
        <Skeleton label="Loading the review…" height={132} rows={3} />
      </div>
    );
  if (runs.isError) return <Failed what="The runs could not be read" error={runs.error} onRetry={() => void runs.refetch()} />;
  if (project.isError) return <Failed what="The project could not be read" error={project.error} onRetry={() => void project.refetch()} />;
  const reviewable = runs.data.filter((run) => run.status === "done" || run.n_segments > 0).sort((a, b) => b.number - a.number);
  if (reviewable.length === 0)
    return (
      <div className="page">
        <Empty
          title="Nothing to review yet"
          icon="review"
          actions={<DiscoverStep project={id} />}
        >
          People judge the primitives that a run found. Once one has finished, its primitives can be given out here.
        </Empty>
      </div>
    );
  return <TeamReview project={project.data} runs={reviewable} />;
}

function TeamReview({ project, runs }: { project: Project; runs: readonly Run[] }) {
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  const asked = idFrom(params, "run");
  const run = runs.find(({ id }) => id === asked) ?? runs.find(({ status }) => status === "done") ?? runs[0]!;
  const mayManage = project.role === "manager" || project.role === "owner";
  const assigning = mayManage && params.get("assign") === "1";
  const setAssigning = (open: boolean) => patchSearch((next) => setOrDrop(next, "assign", open ? 1 : null));
  const step = mayManage ? (
    <button type="button" className="button" onClick={() => setAssigning(true)}>
      Assign…
    </button>
  ) : undefined;
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Review</h1>
          <p className="muted">People judge what was found, each without seeing the others’ ratings first.</p>
        </div>
        <label className="row">
          <span className="muted small">Run</span>
          <select className="select" value={run.id} onChange={(event) => patchSearch((next) => next.set("run", event.target.value), { push: true })}>
            {runs.map((one) => (
              <option key={one.id} value={one.id}>
                Run {one.number} · {plural(one.n_segments, "primitive")}
              </option>
            ))}
          </select>
        </label>
        {step}
        {project.role !== "viewer" && (
          <Link className="button primary" to={paths.review(project.id, run.id)}>
            Start reviewing
          </Link>
        )}
      </div>
      <ProgressPanel key={`progress ${run.id}`} run={run.id} step={step} />
      <div className="review-grid">
        <AgreementPanel key={`agreement ${run.id}`} run={run.id} runNumber={run.number} />
      </div>
      {mayManage && <Conflicts key={`conflicts ${run.id}`} project={project.id} run={run.id} />}
      {assigning && <Assigning project={project.id} run={run} onClose={() => setAssigning(false)} />}
    </div>
  );
}

/** What the dialog offers, from four places. */
function Assigning({ project, run, onClose }: { project: number; run: Run; onClose: () => void }) {
  const client = useQueryClient();
  const progress = useQuery(progressQuery(run.id));
  const sets = useQuery(setsQuery(project));
  const clusters = useQuery(clustersQuery(run.id));
  const groups = useQuery(groupsQuery(run.id));
  const [opened] = useState(run);
  if (progress.isPending || sets.isPending || clusters.isPending || groups.isPending) return null;
  const option = (id: number, name: string, size: number): Option => ({ id, name, note: plural(size, "primitive") });
  return (
    <AssignDialog
      project={project}
      run={opened.id}
      runNumber={opened.number}
      people={(progress.data ?? []).map(({ reviewer, name, assigned }) => ({ id: reviewer, name, assigned }))}
      sets={(sets.data ?? []).filter((set) => set.run === opened.id).map((set) => option(set.id, set.name, set.n))}
      clusters={(clusters.data ?? []).map((one) => option(one.index, one.name, one.size))}
      actions={(groups.data ?? []).flatMap((group) => (group.action ? [option(group.action.id, group.action.name, group.size)] : []))}
      onDone={() => void client.invalidateQueries({ queryKey: agreementKeys.ofRun(opened.id) })}
      onClose={onClose}
    />
  );
}
