import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { ApiError } from "../../api/errors";
import { mapQuery, type MapColumns } from "../../api/map";
import type { Group, Run } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Icon } from "../../components/Icon";
import { LoopingClip } from "../../components/LoopingClip";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { ActionForm } from "../../features/actions/ActionForm";
import { ActionList } from "../../features/actions/ActionList";
import { ChangeK } from "../../features/actions/ChangeK";
import { CarryOver, ChooseGroup } from "../../features/actions/dialogs";
import { GroupCard } from "../../features/actions/GroupCard";
import { GroupCoherence, GroupQuality } from "../../features/actions/GroupFigures";
import { GroupName } from "../../features/actions/GroupName";
import { GroupSegments } from "../../features/actions/GroupSegments";
import { History } from "../../features/actions/History";
import { useSurgery, type Surgery } from "../../features/actions/mutations";
import { groupsQuery, proposalsQuery, stepsQuery } from "../../features/actions/queries";
import "../../features/actions/actions.css";
import "../../features/clusters/clusters.css";
import { MapPanel } from "../../features/clusters/MapPanel";
import { clustersQuery } from "../../features/clusters/queries";
import { projectQuery } from "../../features/projects/queries";
import { useRecluster } from "../../features/runs/mutations";
import { runQuery, runsQuery } from "../../features/runs/queries";
import { RunProgress } from "../../features/runs/RunHeader";
import { filtersFrom, withFilters } from "../../features/segments/filters";
import { segmentQuery } from "../../features/segments/queries";
import { SegmentFacts } from "../../features/segments/SegmentFacts";
import "../../features/segments/segments.css";
import { SimilarPanel } from "../../features/segments/SimilarPanel";
import { combined } from "../../features/selection/selection";
import { useSelection } from "../../features/selection/useSelection";
import { videosQuery } from "../../features/videos/queries";
import { useKeys } from "../../lib/keys";
import { paths } from "../../lib/paths";
import { idFrom, setOrDrop, usePatchSearch } from "../../lib/search";
import { formatSeconds } from "../../lib/time";
import { formatFigure, formatShare, plural } from "../../lib/words";
import { NotFound } from "./NotFound";
import "./routes.css";
import { searchSimilar } from "./searchSimilar";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

type Asking = { what: "merge"; group: Group } | { what: "move" } | { what: "carry" } | { what: "history" } | { what: "edit"; action: number } | { what: "names" };

/** The vocabulary of a run as cards; opening a group or a primitive takes the cards' place, and the map lights it. */
export function ClustersRoute() {
  const project = useIdParam("project");
  const run = useIdParam("run");
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  const navigate = useNavigate();
  const owner = useQuery(projectQuery(project));
  const runs = useQuery(runsQuery(project));
  const one = useQuery(runQuery(run));
  const groups = useQuery(groupsQuery(run));
  const clusters = useQuery(clustersQuery(run));
  const steps = useQuery(stepsQuery(project));
  const segmentId = idFrom(params, "segment");
  const segment = useQuery({ ...segmentQuery(segmentId ?? 0), enabled: segmentId !== null });
  const [pointed, setPointed] = useState<string | null>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [dismissed, setDismissed] = useState(false);
  const selection = useSelection(run);
  const map = useQuery({ ...mapQuery(run), enabled: selection.sel !== null });
  const surgery = useSurgery(project, run);
  const recluster = useRecluster(project);
  const mayEdit = owner.data?.role === "manager" || owner.data?.role === "owner";
  useTitle(one.data && `Actions of run ${one.data.number}`, owner.data?.name);

  const all = useMemo(() => groups.data ?? [], [groups.data]);
  const unnamed = all.some(({ action }) => action === null);
  const proposals = useQuery({ ...proposalsQuery(run), enabled: mayEdit && unnamed });
  const offered = proposals.data?.proposals.filter(({ action }) => action !== null).length ?? 0;
  const selectedOf = useMemo(() => countByGroup(selection.points, map.data), [selection.points, map.data]);

  const act = (step: Surgery) => {
    setAsking((before) => (before?.what === "history" ? before : null));
    surgery.mutate(step);
  };
  const { undo, redo } = steps.data ?? { undo: null, redo: null };
  useKeys([
    { keys: ["z"], shift: false, shown: "Z", does: "undo", run: () => mayEdit && undo && !surgery.isPending && act({ kind: "undo" }) },
    { keys: ["z"], shift: true, shown: "Shift Z", does: "redo", run: () => mayEdit && redo && !surgery.isPending && act({ kind: "redo" }) },
  ]);

  const openKey = keyFrom(params, all) ?? (segment.data ? groupOf(segment.data) : null);
  const opened = all.find(({ key }) => key === openKey);
  const isOpen = params.has("cluster") || params.has("action");

  const openSegment = (id: number | null) => patchSearch((next) => setOrDrop(next, "segment", id), { push: true });
  const hrefOf = (key: string | null) => {
    const next = new URLSearchParams();
    if (selection.sel !== null) next.set("sel", selection.sel);
    const [kind, number] = key?.split(":") ?? [];
    if (kind && number) next.set(kind, number);
    const search = next.toString();
    return `${paths.clusters(project, run)}${search ? `?${search}` : ""}`;
  };
  if (one.error instanceof ApiError && one.error.status === 404) return <NotFound />;
  // The head wraps by what it holds: what is below must not move once it is there.
  if (one.isPending || owner.isPending || runs.isPending) return <Skeleton label="Loading actions…" className="page" height="70dvh" />;
  const done = runs.data?.filter((candidate) => candidate.n_clusters_found > 0) ?? [];
  const measured = one.data && measuredBy(one.data, runs.data ?? []);
  const others = (key: string) => all.filter((group) => group.key !== key);

  return (
    <div className="page clusters-page">
      <div className="page-head">
        <div>
          <h1>Actions</h1>
          {one.data && (
            <p className="facts">
              <span title={`Run ${one.data.number}, configuration ${one.data.config_hash.slice(0, 10)}, n = ${one.data.n_segments}`}>
                silhouette {formatFigure(one.data.metrics.silhouette)}
              </span>
              <span>Calinski–Harabasz {formatFigure(one.data.metrics.calinski_harabasz)}</span>
              <span title="Mean adjusted Rand index of clusterings of 80 % of the primitives against this one">
                stability {formatFigure(one.data.metrics.stability)}
              </span>
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
        {mayEdit && one.data && one.data.n_clusters_found > 0 && (
          <ChangeK
            key={run}
            now={one.data.n_clusters_found}
            curve={measured?.suggested_k ?? []}
            curveOf={measured && measured.id !== run ? measured.number : undefined}
            stability={one.data.metrics.stability}
            busy={recluster.isPending}
            onChange={(k) => recluster.mutate({ run, k }, { onSuccess: (made) => void navigate(paths.clusters(project, made.id)) })}
          />
        )}
        <Link className="button" to={paths.flow(project, run)}>
          <Icon name="flow" /> Flow
        </Link>
        <Link className="button" to={paths.coherence(project, run)}>
          Coherence
        </Link>
        <Link className="button" to={paths.run(project, run)}>
          Run details
        </Link>
        <Link className="button" to={paths.versions(project)}>
          Versions
        </Link>
      </div>

      <div className="vocabulary-bar" role="toolbar" aria-label="Vocabulary">
        {mayEdit && (
          <>
            <button type="button" className="button small" disabled={!undo || surgery.isPending} title={undo ? `${undo.summary} (Z)` : "Nothing of yours to undo"} onClick={() => act({ kind: "undo" })}>
              <Icon name="undo" /> Undo
            </button>
            <button type="button" className="button small" disabled={!redo || surgery.isPending} title={redo ? `${redo.summary} (shift Z)` : "Nothing to redo"} onClick={() => act({ kind: "redo" })}>
              <Icon name="redo" /> Redo
            </button>
          </>
        )}
        <button type="button" className="button small" onClick={() => setAsking({ what: "history" })}>
          <Icon name="clock" /> History
        </button>
        <button type="button" className="button small" onClick={() => setAsking({ what: "names" })}>
          All names
        </button>
        {selection.sel !== null && (
          <span className="row selected-words">
            <span role="status">{selection.ids ? `${plural(selection.ids.size, "primitive")} selected` : "…"}</span>
            {mayEdit && (
              <button type="button" className="button small" disabled={!selection.ids?.size} onClick={() => setAsking({ what: "move" })}>
                Move to…
              </button>
            )}
            <button type="button" className="button small quiet" onClick={() => selection.set(null)}>
              Clear
            </button>
          </span>
        )}
        <span className="push small muted clip-text" role="status">
          {surgery.isPending ? "…" : surgery.isSuccess ? `${surgery.data.change.undone_at ? "Undone: " : ""}${surgery.data.change.summary}` : ""}
        </span>
      </div>
      {(surgery.error ?? recluster.error) && (
        <div className="notice bad" role="alert">
          <Icon name="warning" />
          <p>{(surgery.error ?? recluster.error)!.message}</p>
          <button type="button" className="icon-button small push" aria-label="Dismiss" onClick={() => (surgery.reset(), recluster.reset())}>
            <Icon name="close" size={14} />
          </button>
        </div>
      )}
      {offered > 0 && !dismissed && proposals.data?.source && (
        <div className="notice" role="note">
          <Icon name="similar" />
          <p>
            Run {proposals.data.source.number} has names for {plural(offered, "cluster")} of this run.
          </p>
          <span className="row push">
            <button type="button" className="button small primary" onClick={() => setAsking({ what: "carry" })}>
              Look at them
            </button>
            <button type="button" className="button small quiet" onClick={() => setDismissed(true)}>
              Not now
            </button>
          </span>
        </div>
      )}

      <div className="clusters-columns">
        <div className="clusters-left">
          <MapPanel
            run={run}
            runNumber={one.data?.number ?? run}
            groups={all}
            lit={pointed ?? openKey}
            selected={segmentId}
            onPick={openSegment}
            onGroup={(key) => void navigate(hrefOf(key === openKey && segmentId === null ? null : key))}
            preview={(id) => <PointPreview id={id} />}
          />
        </div>

        <div className="clusters-right">
          {(segmentId !== null || isOpen) && (
            <nav className="crumbs" aria-label="Where you are">
              <Link to={hrefOf(null)}>All actions</Link>
              {opened && (
                <>
                  <Icon name="right" size={12} />
                  <ClusterSwatch cluster={opened.colour} />
                  {segmentId === null ? <span aria-current="page">{opened.name}</span> : <Link to={hrefOf(opened.key)}>{opened.name}</Link>}
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
                    clusterName={opened?.name ?? null}
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
          ) : groups.isPending ? (
            <Skeleton label="Loading actions…" className="cluster-grid" height={260} rows={6} />
          ) : groups.isError ? (
            <Failed what="The actions could not be read" error={groups.error} onRetry={() => void groups.refetch()} />
          ) : all.length === 0 ? (
            one.data && (one.data.status === "queued" || one.data.status === "running") ? (
              <div className="panel waiting-run">
                <p>Run {one.data.number} is on its way; its clusters come last.</p>
                <RunProgress run={one.data} />
              </div>
            ) : (
              <Empty
                title="No clusters"
                icon="map"
                actions={
                  <Link className="button" to={paths.run(project, run)}>
                    See how the run stands
                  </Link>
                }
              >
                Clusters appear when the run has cut its videos and put what moves alike together.
              </Empty>
            )
          ) : isOpen ? (
            opened ? (
              <OpenGroup
                key={opened.key}
                group={opened}
                mayEdit={mayEdit}
                onName={(name) => act({ kind: "name", group: opened, name })}
                onEdit={() => opened.action && setAsking({ what: "edit", action: opened.action.id })}
                onSplit={() => act({ kind: "split", group: opened.key })}
                onMergeInto={() => setAsking({ what: "merge", group: opened })}
              >
                <GroupSegments
                  run={run}
                  group={opened.key}
                  selected={selection.ids}
                  onToggle={(id, select) => {
                    const next = combined(selection.sel, `ids:${id}`, select ? "add" : "remove");
                    selection.set(next === "ids:" ? null : (next ?? selection.sel));
                  }}
                  linkTo={(hit) => withSel(paths.segmentInClusters(project, run, hit.id), selection.sel)}
                  videoLinkTo={(hit) => paths.segmentInVideo(project, hit)}
                />
              </OpenGroup>
            ) : (
              <Empty
                title="Nothing of that in this run"
                actions={
                  <Link className="button" to={hrefOf(null)}>
                    All actions
                  </Link>
                }
              >
                It has been merged into another action, or is of another run.
              </Empty>
            )
          ) : (
            <ul className="cluster-grid" aria-label="Actions">
              {all.map((group) => (
                <GroupCard
                  key={group.key}
                  group={group}
                  to={hrefOf(group.key)}
                  selected={selection.ids ? (selectedOf.get(group.key) ?? 0) : null}
                  mayEdit={mayEdit}
                  onName={(name) => act({ kind: "name", group, name })}
                  onMerge={(key) => act({ kind: "merge", groups: [key], into: group.key })}
                  onMergeInto={() => setAsking({ what: "merge", group })}
                  onSplit={() => act({ kind: "split", group: group.key })}
                  onEdit={() => group.action && setAsking({ what: "edit", action: group.action.id })}
                  onSelect={() => selection.set(group.key)}
                  onPoint={setPointed}
                />
              ))}
            </ul>
          )}
        </div>
      </div>

      {asking?.what === "merge" && (
        <ChooseGroup
          title={`Merge ${asking.group.name} into`}
          verb="Merge"
          groups={others(asking.group.key)}
          onChoose={(into) => act({ kind: "merge", groups: [asking.group.key], into })}
          onClose={() => setAsking(null)}
        />
      )}
      {asking?.what === "move" && selection.ids && (
        <ChooseGroup
          title={`Move ${plural(selection.ids.size, "primitive")} to`}
          verb="Move"
          groups={all}
          others
          onChoose={(to, name) => {
            act({ kind: "move", segments: selection.ids!.list(), to, name });
            selection.set(null);
          }}
          onClose={() => setAsking(null)}
        />
      )}
      {asking?.what === "carry" && proposals.data?.source && (
        <CarryOver
          found={proposals.data}
          onConfirm={(chosen) => act({ kind: "carry", source: proposals.data.source!.id, clusters: chosen })}
          onClose={() => setAsking(null)}
        />
      )}
      {asking?.what === "names" && <ActionList project={project} run={run} onOpen={(action) => setAsking({ what: "edit", action })} onClose={() => setAsking(null)} />}
      {asking?.what === "edit" && <ActionForm project={project} run={run} action={asking.action} mayEdit={mayEdit} onClose={() => setAsking(null)} />}
      {asking?.what === "history" && (
        <History
          project={project}
          mayEdit={mayEdit}
          busy={surgery.isPending}
          error={surgery.error}
          onUndo={(change) => act({ kind: "undo", change })}
          onRedo={(change) => act({ kind: "redo", change })}
          onClose={() => setAsking(null)}
        />
      )}
    </div>
  );
}

/** The run itself, or the one it was clustered anew from: a run whose k was given has tried no others. */
function measuredBy(run: Run, runs: readonly Run[]): Run | undefined {
  let one: Run | undefined = run;
  for (let steps = 0; one && one.suggested_k.length === 0 && steps < 50; steps += 1) {
    const from: number | null = one.derived_from;
    one = from === null ? undefined : runs.find(({ id }) => id === from);
  }
  return one?.n_segments === run.n_segments ? one : undefined;
}

const withSel = (href: string, sel: string | null) => (sel === null ? href : `${href}&${new URLSearchParams({ sel }).toString()}`);

const keyOfCluster = (index: number, groups: readonly Group[]): string | undefined =>
  (groups.find(({ key }) => key === `cluster:${index}`) ?? groups.find(({ clusters }) => clusters.some((cluster) => cluster.index === index)))?.key;

const groupOf = ({ action, cluster }: { action: { id: number } | null; cluster: number | null }): string | null =>
  action ? `action:${action.id}` : cluster === null ? null : `cluster:${cluster}`;

/** `?action=7`, or `?cluster=3`: of a cluster that has been named, its action. */
function keyFrom(params: URLSearchParams, groups: readonly Group[]): string | null {
  const action = idFrom(params, "action");
  if (action !== null) return `action:${action}`;
  const cluster = idFrom(params, "cluster");
  return cluster === null ? null : (keyOfCluster(cluster, groups) ?? null);
}

function countByGroup(points: Uint32Array | null, map: MapColumns | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  if (!points || !map) return counts;
  for (const point of points) {
    const action = map.action[point]!;
    const key = action >= 0 ? `action:${action}` : `cluster:${map.cluster[point]!}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

interface OpenGroupProps {
  group: Group;
  mayEdit: boolean;
  onName: (name: string) => void;
  onEdit: () => void;
  onSplit: () => void;
  onMergeInto: () => void;
  children: ReactNode;
}

function OpenGroup({ group, mayEdit, onName, onEdit, onSplit, onMergeInto, children }: OpenGroupProps) {
  const [editing, setEditing] = useState(false);
  return (
    <>
      <div className="open-group">
        <div className="row">
          <ClusterSwatch cluster={group.colour} />
          {!editing && <h2>{group.name}</h2>}
          {!editing && group.action === null && <span className="muted small">unnamed</span>}
          {mayEdit && <GroupName group={group} editing={editing} onEdit={setEditing} onName={onName} />}
          {group.action && !editing && (
            <button type="button" className="button small" onClick={onEdit}>
              {mayEdit ? "Edit…" : "About it"}
            </button>
          )}
          {mayEdit && (
            <span className="row push">
              <button type="button" className="button small" disabled={group.size < 2} onClick={onSplit} title="By their movements; the smaller half becomes a new action">
                Split in two
              </button>
              <button type="button" className="button small" onClick={onMergeInto}>
                Merge into…
              </button>
            </span>
          )}
        </div>
        <p className="facts">
          <span>{plural(group.size, "primitive")}</span>
          <span>{formatShare(group.share)} of the run</span>
          <span>mean {formatSeconds(group.mean_duration_s)}</span>
          <span>silhouette {formatFigure(group.silhouette, 2)}</span>
          <GroupQuality group={group} />
        </p>
        <GroupCoherence group={group} />
        {mayEdit && <p className="hint">Tick primitives, or draw around them in the map, then move them to another action or a new one.</p>}
      </div>
      {children}
    </>
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
      searchTo={searchSimilar(project, segment, filters)}
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
