import { useQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { ApiError } from "../../../api/errors";
import type { Segment, VideoDetail } from "../../../api/types";
import { Icon } from "../../../components/Icon";
import { Empty, Failed, Skeleton } from "../../../components/PanelState";
import { KeySheet } from "../../../components/player/KeySheet";
import { Transport } from "../../../components/player/Transport";
import { usePlayer } from "../../../components/player/usePlayer";
import { Tabs } from "../../../components/Tabs";
import type { Grip, Place } from "../../../components/timeline/gestures";
import type { Signal } from "../../../components/timeline/SignalPlot";
import { TimelineStack } from "../../../components/timeline/TimelineStack";
import { annotationsQuery } from "../../../features/annotations/queries";
import { CommentLane } from "../../../features/comments/CommentLane";
import { Comments } from "../../../features/comments/CommentList";
import { commentsQuery } from "../../../features/comments/queries";
import { clustersQuery } from "../../../features/clusters/queries";
import { CuttingPanel } from "../../../features/cutting/CuttingPanel";
import { edgeNear, isChanged, middle, type Edge, type Piece } from "../../../features/cutting/pieces";
import { paramsOf, useDraft } from "../../../features/cutting/useDraft";
import { projectQuery } from "../../../features/projects/queries";
import { runsQuery } from "../../../features/runs/queries";
import { signalsQuery } from "../../../features/runs/signals";
import { parseSelection } from "../../../features/selection/selection";
import { useSelection } from "../../../features/selection/useSelection";
import { groupOf } from "../../../features/segments/group";
import { segmentsOfVideoQuery } from "../../../features/segments/queries";
import { SegmentList, type SegmentRow } from "../../../features/segments/SegmentList";
import { PlaybackClock } from "../../../lib/clock";
import { useKeys } from "../../../lib/keys";
import { paths } from "../../../lib/paths";
import { makePyramid } from "../../../lib/pyramid";
import { idFrom, setOrDrop, usePatchSearch } from "../../../lib/search";
import { smooth } from "../../../lib/segmentation";
import { edgeFrom, indexAt, nextIndex, previousIndex } from "../../../lib/segments";
import { useStored } from "../../../lib/stored";
import { TimeAxis } from "../../../lib/timeAxis";
import { TimeSelection } from "../../../lib/timeSelection";
import { plural } from "../../../lib/words";
import { Head } from "./Head";
import { Following, Keep } from "./Keep";
import { workbenchKeys } from "./keys";
import { PrimitivePanel } from "./PrimitivePanel";
import { RangeBar } from "./RangeBar";
import { Stage } from "./Stage";
import { startTime, useTimeInAddress } from "./timeInAddress";
import { itemOf, Lanes, Plots, truthItem, type LaneOf } from "./Timeline";
import { truthsOf, TruthChoice } from "./TruthChoice";
import { useEditing, type Pick } from "./useEditing";
import { VIEW } from "./view";
import { ViewMenu } from "./ViewMenu";

interface WorkbenchProps {
  project: number;
  video: VideoDetail;
  source: string;
  durationS: number;
}

const ON_THE_TIMELINE =
  "On the timeline: the wheel zooms at the pointer and a press goes there. A drag over a lane selects a range, at an edge of the selected primitive it moves that edge, on the ruler and the plots it pans.";
const NO_SEGMENTS: Segment[] = [];
const TABS = ["primitive", "detector", "list", "comments"] as const;
type Tab = (typeof TABS)[number];

export function Workbench({ project, video, source, durationS }: WorkbenchProps) {
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  const navigate = useNavigate();
  const runs = useQuery(runsQuery(project));
  const done = useMemo(() => (runs.data ?? []).filter((run) => run.n_clusters_found > 0 || run.status === "done"), [runs.data]);
  const run = idFrom(params, "run") ?? video.latest_run ?? done[0]?.id ?? null;
  const numberOf = (id: number | null) => runs.data?.find((candidate) => candidate.id === id)?.number ?? null;
  const runNumber = numberOf(run);
  const runName = runNumber === null ? "run" : `run ${runNumber}`;
  const other = idFrom(params, "with");
  const making = idFrom(params, "kept");

  const segments = useQuery({ ...segmentsOfVideoQuery(run ?? 0, video.id), enabled: run !== null });
  const signals = useQuery({ ...signalsQuery(run ?? 0, video.id), enabled: run !== null });
  const clusters = useQuery({ ...clustersQuery(run ?? 0), enabled: run !== null });
  const others = useQuery({ ...segmentsOfVideoQuery(other ?? 0, video.id), enabled: other !== null });
  const annotations = useQuery(annotationsQuery(video.id));
  const owner = useQuery(projectQuery(project));
  const comments = useQuery(commentsQuery({ video: video.id }));
  const saved = segments.data ?? NO_SEGMENTS;
  const byId = useMemo(() => new Map(saved.map((segment) => [segment.id, segment])), [saved]);

  const [clock] = useState(() => new PlaybackClock(startTime(params)));
  const [axis] = useState(() => new TimeAxis(durationS));
  const shared = useSelection(run);
  const [selection] = useState(() => {
    const made = new TimeSelection();
    const term = parseSelection(params.get("sel") ?? "")?.[0]?.term;
    if (term?.kind === "lane" && term.video === video.id) made.set({ startS: term.fromS, endS: term.toS });
    return made;
  });
  const [view, setView] = useStored("kineme.workbench", VIEW);
  const [sheet, setSheet] = useState(false);
  const [loop, setLoop] = useState<"piece" | { start_s: number; end_s: number } | null>(null);
  const [explained, setExplained] = useState(false);
  const fps = video.proxy_fps ?? video.fps ?? 30;
  const tab: Tab = TABS.find((one) => one === params.get("tab")) ?? "primitive";
  const setTab = useCallback((next: Tab) => patchSearch((search) => setOrDrop(search, "tab", next === "primitive" ? null : next)), [patchSearch]);

  const drafting = useDraft(run ?? 0, video.id, signals.data, saved);
  const { pieces, settings, dirty } = drafting;
  const cutParams = useMemo(() => (signals.data && settings ? paramsOf(signals.data, settings) : null), [signals.data, settings]);
  const alpha = settings?.detection.alpha;
  const smoothed = useMemo<Signal | null>(() => {
    if (!signals.data || alpha === undefined) return null;
    const values = smooth(signals.data.energy, alpha);
    return { timesS: signals.data.timesS, values, pyramid: makePyramid(values) };
  }, [signals.data, alpha]);

  // The picked piece: by the moment it was picked at, unless the address asks for another.
  const selectedId = idFrom(params, "segment");
  const [pick, setPick] = useState<Pick | null>(null);
  const pickedAt = pick === null ? -1 : indexAt(pieces, pick.timeS);
  const isPicked = pickedAt >= 0 && pieces[pickedAt]!.origin === selectedId;
  const index = isPicked ? pickedAt : selectedId === null ? -1 : pieces.findIndex((piece) => piece.origin === selectedId);
  const piece = pieces[index] ?? null;
  const edge = isPicked ? (pick?.edge ?? null) : null;
  const selected = selectedId === null ? null : (byId.get(selectedId) ?? null);
  const [startS, endS] = [piece?.start_s, piece?.end_s];
  const looped = useMemo(
    () => (loop === "piece" ? (startS === undefined || endS === undefined ? null : { start_s: startS, end_s: endS }) : loop),
    [loop, startS, endS],
  );
  const player = usePlayer({ clock, fps, loop: looped });

  const onPick = useCallback(
    (list: readonly Piece[], at: number, inHand: Edge | null) => {
      const one = list[at];
      setPick(one ? { timeS: middle(one), edge: inHand } : null);
      patchSearch((next) => setOrDrop(next, "segment", one?.origin ?? null));
      if (one) axis.reveal(one.start_s, one.end_s);
    },
    [patchSearch, axis],
  );
  const go = useCallback(
    (at: number) => {
      const one = pieces[at];
      if (!one) return;
      onPick(pieces, at, null);
      clock.set(one.start_s + 0.5 / fps);
    },
    [pieces, onPick, clock, fps],
  );

  const stepS = signals.data && signals.data.timesS.length > 0 ? (signals.data.timesS[signals.data.timesS.length - 1]! - signals.data.startS) / signals.data.timesS.length : 0;
  const leastS = Math.max(1 / fps, stepS);
  const thresholds = useMemo(() => (cutParams ? [cutParams.thetaOn, cutParams.thetaOn * cutParams.detection.off_ratio] : []), [cutParams]);
  const editing = useEditing({ drafting, index, edge, onPick, clock, selection, curve: smoothed, thresholds, fps, leastS, durationS });

  const editable = dirty ? "draft" : "run";
  const onPress = useCallback(
    ({ timeS, lane, nearS }: Place) => {
      if (lane === editable) {
        const near = index >= 0 ? edgeNear(pieces.slice(index, index + 1), timeS, nearS) : null;
        const at = near ? index : indexAt(pieces, timeS);
        const one = pieces[at];
        clock.set(one && near ? (near.edge === "start" ? one.start_s : one.end_s) + 0.5 / fps : timeS);
        if (one) onPick(pieces, at, near?.edge ?? null);
        return;
      }
      clock.set(timeS);
      const hit = lane === "run" ? saved[indexAt(saved, timeS)] : undefined;
      if (!hit) return;
      setPick(null);
      patchSearch((next) => next.set("segment", String(hit.id)));
    },
    [editable, pieces, index, saved, clock, fps, onPick, patchSearch],
  );

  const about = useMemo(() => ({ video: video.id }), [video.id]);
  const open = comments.data?.results.filter(({ deleted_at, resolved_at }) => deleted_at === null && resolved_at === null).length ?? 0;
  const seekComment = (timeS: number) => {
    clock.set(timeS);
    axis.reveal(timeS, timeS);
    setTab("comments");
  };

  const { undo } = drafting;
  const { set: share } = shared;
  const keepRange = useCallback(() => {
    const range = selection.get();
    share(range === null ? null : `lane:${video.id},${range.startS.toFixed(3)},${range.endS.toFixed(3)}`);
  }, [selection, share, video.id]);
  const latest = useRef({ pieces, index, editing, undo, keepRange });
  useEffect(() => {
    latest.current = { pieces, index, editing, undo, keepRange };
  }, [pieces, index, editing, undo, keepRange]);
  /** On the lane of cuts the picked one's edges are dragged; elsewhere on the lanes a range; on ruler and plots the view. */
  const grip = useCallback(
    ({ timeS, lane, nearS }: Place): Grip | null => {
      const { pieces: from, index: at } = latest.current;
      const near = lane === editable && at >= 0 ? edgeNear(from.slice(at, at + 1), timeS, nearS) : null;
      if (near) {
        const what = `drag ${performance.now()}`;
        let moved = false;
        return {
          move: (toS) => {
            moved = true;
            latest.current.editing.drag(from, at, near.edge, toS, what);
          },
          release: () => undefined,
          cancel: () => moved && latest.current.undo(),
        };
      }
      if (lane === null || !LANES.has(lane)) return null;
      const before = selection.get();
      return { move: (toS) => selection.set({ startS: timeS, endS: toS }), release: () => latest.current.keepRange(), cancel: () => selection.set(before) };
    },
    [editable, selection],
  );
  const cursor = useCallback(
    ({ timeS, lane, nearS }: Place) => {
      if (lane === null || !LANES.has(lane)) return "";
      const { pieces: list, index: at } = latest.current;
      return lane === editable && at >= 0 && edgeNear(list.slice(at, at + 1), timeS, nearS) ? "ew-resize" : "text";
    },
    [editable],
  );

  useEffect(() => clock.subscribe((timeS) => player.playing && axis.follow(timeS)), [clock, axis, player.playing]);
  useTimeInAddress(clock, player.playing);

  // Arriving by a link at a primitive without a time: go to it once it is known.
  const arrived = useRef(params.get("t") !== null || selectedId === null);
  useEffect(() => {
    if (arrived.current || !selected) return;
    arrived.current = true;
    clock.set(selected.start_s + 0.5 / fps);
  }, [selected, clock, fps]);

  const goNext = () => go(nextIndex(pieces, clock.time));
  const goPrevious = () => go(previousIndex(pieces, clock.time));
  const playRange = () => {
    const range = selection.get();
    if (!range) return;
    setLoop({ start_s: range.startS, end_s: range.endS });
    clock.set(range.startS + 0.5 / fps);
    if (!player.playing) player.toggle();
  };
  const bindings = workbenchKeys({
    player,
    clock,
    axis,
    durationS,
    fps,
    editing,
    drafting,
    view,
    onView: setView,
    next: goNext,
    previous: goPrevious,
    toEdge: (direction) => {
      const at = edgeFrom(pieces, clock.time, direction, fps);
      if (at === null) return;
      clock.set(at + 0.5 / fps);
      const near = edgeNear(pieces, at + (direction === 1 ? -1e-6 : 1e-6), 1e-3);
      if (near) onPick(pieces, near.index, near.edge);
    },
    toEnd: (end) => {
      if (piece) clock.set(end === "start" ? piece.start_s + 0.5 / fps : piece.end_s - 0.5 / fps);
    },
    toggleLoop: () => setLoop((was) => (was === null ? "piece" : null)),
    zoomToPicked: () => piece && axis.frame(piece.start_s, piece.end_s),
    findSimilar: () => {
      const range = selection.get();
      if (range && run !== null) void navigate(paths.searchRange(project, run, video.id, range.startS, range.endS));
    },
    playRange,
    explain: () => {
      setTab("primitive");
      setExplained((was) => !was || tab !== "primitive");
    },
    detector: () => setTab(tab === "detector" ? "primitive" : "detector"),
    escape: () => {
      if (selection.get() !== null) {
        selection.set(null);
        keepRange();
      }
      else if (edge !== null && pick) setPick({ ...pick, edge: null });
      else onPick([], -1, null);
    },
    sheet: () => setSheet(true),
  });
  useKeys(bindings);

  const truths = useMemo(() => truthsOf(annotations.data), [annotations.data]);
  const wanted = params.get("truth");
  const truth = wanted === "none" ? null : (truths.find((one) => one.key === wanted) ?? truths[0] ?? null);

  const shownPieces = useDeferredValue(pieces);
  const lanes: LaneOf[] = [];
  const truthItems = useMemo(() => truth?.segments.map(truthItem) ?? [], [truth]);
  const otherItems = useMemo(() => others.data?.map(itemOf) ?? [], [others.data]);
  const outlined = useMemo(() => {
    const { ids } = shared;
    return ids === null ? undefined : new Set(saved.flatMap((segment, at) => (ids.has(segment.id) ? [at] : [])));
  }, [shared, saved]);
  const savedItems = useMemo(() => saved.map(itemOf), [saved]);
  const reviewItems = useMemo(() => saved.map(({ start_s, end_s, quality }) => ({ start_s, end_s, paint: { quality } })), [saved]);
  const draftItems = useMemo(
    () =>
      pieces.map((one) => {
        const origin = one.origin === null ? undefined : byId.get(one.origin);
        const changed = isChanged(one, byId);
        return origin ? { ...itemOf(origin), start_s: one.start_s, end_s: one.end_s, changed } : { start_s: one.start_s, end_s: one.end_s, paint: "none" as const, changed };
      }),
    [pieces, byId],
  );
  if (truth) lanes.push({ id: "truth", name: truth.name, about: `${truth.name}, given with the video or imported (${truth.source})`, items: truthItems });
  if (other !== null) lanes.push({ id: "other", name: `run ${numberOf(other) ?? other}`, about: `Run ${numberOf(other) ?? other}, for comparison`, items: otherItems });
  lanes.push({
    id: "run",
    name: runName,
    about: `${runName}: primitives by action or cluster`,
    items: savedItems,
    selected: dirty ? (selected ? saved.indexOf(selected) : -1) : index,
    edge: dirty ? null : edge,
    outlined,
  });
  if (dirty) lanes.push({ id: "draft", name: "draft", about: "Your draft, not kept yet: paler where it differs from the run", items: draftItems, selected: index, edge });
  if (view.review && saved.length > 0)
    lanes.push({ id: "review", name: "review", about: `Human quality of ${runName}'s primitives, 0 to 3; grey where nobody has judged`, items: reviewItems, thin: true });

  const rows = useMemo<SegmentRow[]>(
    () =>
      shownPieces.map((one) => {
        const origin = one.origin === null ? undefined : byId.get(one.origin);
        const group = origin ? groupOf(origin) : { colour: null, name: null };
        return { start_s: one.start_s, end_s: one.end_s, ...group, changed: isChanged(one, byId) };
      }),
    [shownPieces, byId],
  );
  const has = useMemo(
    () => new Set((["latent", "velocity", "flow"] as const).filter((name) => signals.data?.[name] !== undefined)),
    [signals.data],
  );
  const chooseTruth = (
    <TruthChoice
      video={video.id}
      annotations={annotations}
      truths={truths}
      chosen={truth?.key ?? "none"}
      onChoose={(key) => patchSearch((next) => setOrDrop(next, "truth", key))}
    />
  );

  return (
    <div className="workbench">
      <Head
        project={project}
        video={video}
        runs={done}
        run={run}
        runNumber={runNumber}
        onRun={(next) =>
          patchSearch((search) => {
            search.set("run", String(next));
            search.delete("segment");
          })
        }
        draft={dirty ? `${plural(pieces.length, "primitive")}, not kept` : null}
        onDraft={() => setTab("detector")}
      >
        <ViewMenu view={view} onView={setView} has={has} runs={done} run={run} other={other} onOther={(id) => patchSearch((next) => setOrDrop(next, "with", id))}>
          {chooseTruth}
        </ViewMenu>
      </Head>

      <div className="workbench-stage">
        <div className="stage-slot">
          <Stage video={video} source={source} player={player} clock={clock} run={run} />
          <RangeBar project={project} run={run} video={video.id} selection={selection} onNew={signals.data ? editing.add : null} onPlay={playRange} onClose={keepRange} />
        </div>
        <Transport
          player={player}
          clock={clock}
          durationS={durationS}
          loop={loop !== null}
          canLoop={piece !== null || loop !== null}
          onLoop={() => setLoop((was) => (was === null ? "piece" : null))}
          onPrevious={goPrevious}
          onNext={goNext}
        >
          <span className="push" />
          <button type="button" className="icon-button" aria-label="Show the whole video" title="The whole video (F)" onClick={() => axis.fit()}>
            <Icon name="fit" />
          </button>
          <button type="button" className="icon-button" aria-label="Keys" title="Keys (?)" onClick={() => setSheet(true)}>
            <Icon name="keys" />
          </button>
        </Transport>
        <TimelineStack axis={axis} clock={clock} selection={selection} onPress={onPress} grip={grip} cursor={cursor}>
          <Lanes lanes={lanes} axis={axis} />
          <CommentLane comments={comments.data?.results ?? []} axis={axis} onSeek={seekComment} />
          <div className="energy-panel">
            {run === null ? (
              <Empty small title="No run has looked at this video yet">
                Its energy and primitives show here after a run.
              </Empty>
            ) : signals.isPending ? (
              <Skeleton label="Loading energy…" height={132} />
            ) : signals.error instanceof ApiError && signals.error.status === 404 ? (
              <Empty small title="No energy yet">
                {runNumber === null ? "The run" : `Run ${runNumber}`} has not come to this video, or left it out.
              </Empty>
            ) : signals.isError ? (
              <Failed small what="The energy could not be read" error={signals.error} onRetry={() => void signals.refetch()} />
            ) : (
              smoothed &&
              cutParams && (
                <Plots
                  signals={signals.data}
                  smoothed={smoothed}
                  thetaOn={cutParams.thetaOn}
                  thetaOff={cutParams.thetaOn * cutParams.detection.off_ratio}
                  made={dirty ? `${runName}, thresholds of your draft` : runName}
                  view={view}
                  axis={axis}
                  clock={clock}
                />
              )
            )}
          </div>
        </TimelineStack>
      </div>

      <aside className="workbench-side" aria-label="Primitives">
        {making !== null && (
          <Following
            project={project}
            run={making}
            onDismiss={() => patchSearch((next) => next.delete("kept"))}
            onArrived={() => {
              drafting.reset();
              patchSearch((next) => {
                next.set("run", String(making));
                next.delete("kept");
                next.delete("segment");
              });
            }}
          />
        )}
        <Tabs
          label="Primitives"
          tabs={[
            { id: "primitive", name: "Primitive" },
            { id: "detector", name: "Detector" },
            { id: "list", name: `All${segments.data ? ` (${pieces.length})` : ""}` },
            { id: "comments", name: `Comments${open > 0 ? ` (${open})` : ""}` },
          ]}
          current={tab}
          onTab={setTab}
        >
          {tab === "comments" ? (
            <Comments project={project} about={about} role={owner.data?.role} now={() => clock.time} onSeek={seekComment} />
          ) : run === null ? (
            <Empty
              small
              title="No primitives yet"
              actions={
                <Link className="button primary" to={`${paths.videos(project)}?discover=1`}>
                  Discover…
                </Link>
              }
            >
              A run finds them.
            </Empty>
          ) : segments.isPending ? (
            <Skeleton label="Loading primitives…" height={32} rows={8} />
          ) : segments.isError ? (
            <Failed small what="The primitives could not be read" error={segments.error} onRetry={() => void segments.refetch()} />
          ) : tab === "detector" ? (
            signals.data ? (
              <CuttingPanel
                drafting={drafting}
                saved={saved}
                thetaOn={signals.data.thetaOn}
                unit={signals.data.unit}
                runNumber={runNumber}
                durationS={durationS}
                truth={truth?.segments ?? null}
                truthName={truth?.name ?? ""}
                chooseTruth={chooseTruth}
                keep={
                  <Keep
                    run={run}
                    video={video.id}
                    runs={runs.data ?? []}
                    drafting={drafting}
                    making={making}
                    onKept={(kept) => patchSearch((next) => next.set("kept", String(kept.id)))}
                  />
                }
              />
            ) : (
              <Empty small title="No energy to cut yet">
                The sliders cut it anew once the run has measured it.
              </Empty>
            )
          ) : pieces.length === 0 ? (
            <Empty small title="Nothing was cut out of this video">
              {dirty ? "The draft has no primitives left; Z takes the last step back." : "Its energy never stayed above θ on, or the run has not come to it yet."}
            </Empty>
          ) : tab === "list" ? (
            <SegmentList rows={rows} selected={index} onSelect={go} />
          ) : (
            <PrimitivePanel
              project={project}
              piece={piece}
              position={index}
              n={pieces.length}
              segment={selected}
              changed={piece !== null && dirty && isChanged(piece, byId)}
              runNumber={runNumber}
              clusters={clusters.data ?? []}
              trace={signals.data ?? null}
              params={cutParams}
              made={dirty ? "Your draft" : runNumber === null ? "The run" : `Run ${runNumber}`}
              unit={signals.data?.unit ?? ""}
              explained={explained}
              onExplain={setExplained}
              onSeek={(timeS) => clock.set(timeS + 0.5 / fps)}
              onLoop={() => {
                setLoop("piece");
                if (piece) clock.set(piece.start_s + 0.5 / fps);
                if (!player.playing) player.toggle();
              }}
              editing={editing}
              edge={edge}
            />
          )}
        </Tabs>
      </aside>
      {sheet && <KeySheet bindings={bindings} hint={ON_THE_TIMELINE} onClose={() => setSheet(false)} />}
    </div>
  );
}

const LANES = new Set(["truth", "other", "run", "draft", "review"]);
