import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { ApiError } from "../../api/errors";
import { mapQuery, type MapColumns } from "../../api/map";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { LoopingClip } from "../../components/LoopingClip";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import type { How, Tool, View } from "../../components/scatter/PointMap";
import { colouringFrom, groupOf } from "../../features/map/colouring";
import { MapStage } from "../../features/map/MapStage";
import { projectQuery } from "../../features/projects/queries";
import { runQuery, runsQuery, stagesQuery } from "../../features/runs/queries";
import { combined, idsText, lassoText, rectText } from "../../features/selection/selection";
import { SelectionPanel } from "../../features/selection/SelectionPanel";
import { useSelection } from "../../features/selection/useSelection";
import { useKeys } from "../../lib/keys";
import { paths } from "../../lib/paths";
import { setOrDrop, usePatchSearch } from "../../lib/search";
import { formatSeconds, formatTime } from "../../lib/time";
import { NotFound } from "./NotFound";
import "./routes.css";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** Every primitive of a run as a point, and what is selected of them. */
export function MapRoute() {
  const project = useIdParam("project");
  const run = useIdParam("run");
  const navigate = useNavigate();
  const owner = useQuery(projectQuery(project));
  const one = useQuery(runQuery(run));
  const runs = useQuery(runsQuery(project));
  const map = useQuery(mapQuery(run));
  useTitle(one.data && `Map of run ${one.data.number}`, owner.data?.name);

  if (one.error instanceof ApiError && one.error.status === 404) return <NotFound />;
  const placed = runs.data?.filter((candidate) => candidate.n_clusters_found > 0) ?? [];
  return (
    <div className="map-page">
      <div className="page-head">
        <div>
          <h1>Map</h1>
        </div>
        {owner.data?.synthetic && <span className="badge">synthetic</span>}
        <label className="row">
          <span className="small muted">Run</span>
          <select className="select" value={run} onChange={(event) => void navigate(paths.map(project, Number(event.target.value)))}>
            {!placed.some((candidate) => candidate.id === run) && <option value={run}>{one.data ? one.data.number : "…"}</option>}
            {placed.map((candidate) => (
              <option key={candidate.id} value={candidate.id}>
                {candidate.number} · {candidate.preset}, k {candidate.n_clusters_found}
              </option>
            ))}
          </select>
        </label>
      </div>
      {map.isPending ? (
        <Skeleton label="Loading the map…" height="60dvh" />
      ) : map.isError ? (
        <div className="panel">
          <Failed what="The map could not be read" error={map.error} onRetry={() => void map.refetch()} />
        </div>
      ) : map.data.n === 0 ? (
        <div className="panel">
          <Empty
            title="Nothing to place"
            icon="map"
            actions={
              <Link className="button" to={paths.run(project, run)}>
                See how the run stands
              </Link>
            }
          >
            {one.data?.status === "done" ? "This run found no primitives that could be compared." : "The map appears when the run has put what moves alike together."}
          </Empty>
        </div>
      ) : (
        <MapAndSelection key={run} project={project} run={run} map={map.data} canWrite={owner.data?.role === "owner" || owner.data?.role === "manager"} />
      )}
    </div>
  );
}

interface MapAndSelectionProps {
  project: number;
  run: number;
  map: MapColumns;
  canWrite: boolean;
}

function MapAndSelection({ project, run, map, canWrite }: MapAndSelectionProps) {
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  const selection = useSelection(run);
  const [tool, setTool] = useState<Tool>("pan");
  const [pointed, setPointed] = useState<number | null>(null);
  const [tooLong, setTooLong] = useState(false);
  const colour = colouringFrom(params.get("colour"));
  const [start] = useState(() => viewFrom(params.get("view")));
  const { sel, set, points } = selection;

  const select = useCallback(
    (term: string, how: How) => {
      const next = combined(sel, term, how);
      setTooLong(next === null && how !== "remove");
      if (next !== null || how !== "remove") set(next ?? sel);
    },
    [sel, set],
  );
  const onView = useCallback((view: View) => patchSearch((query) => setOrDrop(query, "view", viewText(view))), [patchSearch]);
  const group = useCallback((point: number) => groupOf(map, point), [map]);
  const carried = useMemo(() => (sel === null ? "" : new URLSearchParams({ sel }).toString()), [sel]);
  const inVideo = useCallback(
    (point: number) => {
      const segment = { id: map.ids[point]!, run, video: map.video[point]!, start_s: map.start_s[point]! };
      return `${paths.segmentInVideo(project, segment)}${carried && `&${carried}`}`;
    },
    [map, project, run, carried],
  );
  const preview = useCallback((point: number) => <PointPreview map={map} point={point} />, [map]);

  useKeys([
    { keys: ["l"], shown: "L", does: "Lasso", run: () => setTool((now) => (now === "lasso" ? "pan" : "lasso")) },
    { keys: ["r"], shown: "R", does: "Rectangle", run: () => setTool((now) => (now === "rect" ? "pan" : "rect")) },
    { keys: ["v"], shown: "V", does: "Move", run: () => setTool("pan") },
    { keys: ["Escape"], shown: "Esc", does: "Clear", run: () => (sel === null ? setTool("pan") : set(null)) },
  ]);

  return (
    <div className="map-columns">
      <MapStage
        map={map}
        selected={points}
        marked={pointed ?? (points?.length === 1 ? points[0]! : -1)}
        colour={colour}
        onColour={(next) => patchSearch((query) => setOrDrop(query, "colour", next === "action" ? null : next))}
        tool={tool}
        onTool={setTool}
        onPick={(point, how) => select(idsText([map.ids[point]!]), how)}
        onRegion={(shape, corners, how) => select(shape === "lasso" ? lassoText(corners, map.projection) : rectText(corners[0]!, corners[1]!, map.projection), how)}
        onEntry={(entry, how) => (entry === sel && how === "replace" ? set(null) : select(entry, how))}
        sel={sel}
        preview={preview}
        start={start}
        onView={onView}
        note={map.projection === "pca" && <UmapNote run={run} />}
      />
      <SelectionPanel
        project={project}
        map={map}
        selection={selection}
        canWrite={canWrite}
        groupOf={group}
        linkTo={inVideo}
        onPoint={setPointed}
        elsewhere={
          points && points.length > 0
            ? [
                { name: "On the timeline", to: inVideo(points[0]!) },
                { name: "In actions", to: `${paths.clusters(project, run)}?${carried}` },
              ]
            : []
        }
        hint={
          <Empty small title="Select some primitives">
            Press L and draw around points, or R for a rectangle; a press on a point or on a group below the map selects that. Shift adds, Alt takes away, Esc clears.
          </Empty>
        }
      />
      {tooLong && (
        <p role="alert" className="notice">
          The selection is too long for a link. Save it as a set, then add to that.
        </p>
      )}
    </div>
  );
}

/** Whether UMAP takes PCA's place soon. */
function UmapNote({ run }: { run: number }) {
  const stages = useQuery(stagesQuery(run));
  const status = stages.data?.find(({ stage }) => stage === "umap")?.status;
  if (status === "queued" || status === "running" || status === "waiting") return <small className="muted">UMAP is being laid out</small>;
  return status === "failed" ? <small className="muted">UMAP was not made</small> : null;
}

function PointPreview({ map, point }: { map: MapColumns; point: number }) {
  const { name, colour } = groupOf(map, point);
  const id = map.ids[point]!;
  return (
    <>
      <LoopingClip key={id} src={`/api/segments/${id}/clip/`} poster={`/api/segments/${id}/poster/`} label="The primitive under the pointer" />
      <p className="small preview-words">
        <ClusterSwatch cluster={colour} /> <span className="clip-text">{name}</span> {formatSeconds(map.end_s[point]! - map.start_s[point]!)}
      </p>
      <p className="small muted clip-text">
        {formatTime(map.start_s[point]!)} · {map.videos.find((video) => video.id === map.video[point])?.title}
      </p>
    </>
  );
}

/** "0.512,0.433,2.5": the middle and how near; nothing for the whole map. */
const viewText = ({ x, y, zoom }: View): string | null =>
  zoom === 1 && x === 0.5 && y === 0.5 ? null : [x.toFixed(4), y.toFixed(4), Number(zoom.toPrecision(4))].join(",");

function viewFrom(text: string | null): View | null {
  const [x, y, zoom, ...rest] = (text ?? "").split(",").map(Number);
  const sound = [x, y, zoom].every((value) => value !== undefined && Number.isFinite(value)) && rest.length === 0 && zoom! >= 0.5 && zoom! <= 200;
  return sound && Math.abs(x!) < 10 && Math.abs(y!) < 10 ? { x: x!, y: y!, zoom: zoom! } : null;
}
