import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { ApiError } from "../../api/errors";
import type { Segment, VideoDetail } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { KeySheet } from "../../components/player/KeySheet";
import { Transport } from "../../components/player/Transport";
import { usePlayer } from "../../components/player/usePlayer";
import { EnergyPlot } from "../../components/timeline/EnergyPlot";
import { Lane } from "../../components/timeline/Lane";
import { TimelineStack } from "../../components/timeline/TimelineStack";
import { clustersQuery } from "../../features/clusters/queries";
import { energyQuery, runsQuery } from "../../features/runs/queries";
import { filtersFrom, withFilters } from "../../features/segments/filters";
import { segmentsOfVideoQuery } from "../../features/segments/queries";
import { SegmentFacts } from "../../features/segments/SegmentFacts";
import { SegmentList } from "../../features/segments/SegmentList";
import { SimilarPanel } from "../../features/segments/SimilarPanel";
import { isBusy, pictureFacts, STATUS_WORDS } from "../../features/videos/facts";
import { videoQuery, videosQuery } from "../../features/videos/queries";
import { PlaybackClock } from "../../lib/clock";
import { useKeys, type KeyBinding } from "../../lib/keys";
import { paths } from "../../lib/paths";
import { idFrom, setOrDrop, usePatchSearch } from "../../lib/search";
import { edgeFrom, indexAt, nextIndex, previousIndex } from "../../lib/segments";
import { TimeAxis } from "../../lib/timeAxis";
import { plural } from "../../lib/words";
import { NotFound } from "./NotFound";
import "./routes.css";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

export function WorkbenchRoute() {
  const project = useIdParam("project");
  const id = useIdParam("video");
  const video = useQuery(videoQuery(id));
  useTitle(video.data?.title);

  if (video.isPending)
    return (
      <div className="page">
        <Skeleton label="Loading the video…" height={420} />
      </div>
    );
  if (video.isError)
    return video.error instanceof ApiError && video.error.status === 404 ? (
      <NotFound />
    ) : (
      <Failed what="The video could not be read" error={video.error} onRetry={() => void video.refetch()} />
    );
  if (video.data.browser_url === null || video.data.duration_s === null)
    return (
      <Empty
        title={isBusy(video.data) ? "Not ready to play yet" : "This video cannot be played"}
        icon="videos"
        actions={
          <Link className="button" to={paths.videos(project)}>
            Back to the videos
          </Link>
        }
      >
        {isBusy(video.data) ? `It is ${STATUS_WORDS[video.data.status]}.` : (video.data.reason ?? "It has no preview.")}
      </Empty>
    );
  return <Workbench key={id} project={project} video={video.data} source={video.data.browser_url} durationS={video.data.duration_s} />;
}

interface WorkbenchProps {
  project: number;
  video: VideoDetail;
  source: string;
  durationS: number;
}

const NO_SEGMENTS: Segment[] = [];

function Workbench({ project, video, source, durationS }: WorkbenchProps) {
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  const runs = useQuery(runsQuery(project));
  const done = useMemo(() => (runs.data ?? []).filter((run) => run.n_clusters_found > 0 || run.status === "done"), [runs.data]);
  const run = idFrom(params, "run") ?? video.latest_run ?? done[0]?.id ?? null;
  const runNumber = runs.data?.find((candidate) => candidate.id === run)?.number ?? null;

  const segments = useQuery({ ...segmentsOfVideoQuery(run ?? 0, video.id), enabled: run !== null });
  const energy = useQuery({ ...energyQuery(run ?? 0, video.id), enabled: run !== null });
  const clusters = useQuery({ ...clustersQuery(run ?? 0), enabled: run !== null });
  const all = segments.data ?? NO_SEGMENTS;

  const [clock] = useState(() => new PlaybackClock(startTime(params)));
  const [axis] = useState(() => new TimeAxis(durationS));
  const selectedId = idFrom(params, "segment");
  const selectedIndex = all.findIndex((segment) => segment.id === selectedId);
  const selected = selectedIndex >= 0 ? all[selectedIndex]! : null;
  const [loop, setLoop] = useState(false);
  const [velocity, setVelocity] = useState(false);
  const [sheet, setSheet] = useState(false);
  const [tab, setTab] = useState<"primitive" | "list">("primitive");
  const fps = video.fps ?? 30;
  const player = usePlayer({ clock, fps, loop: loop ? selected : null });

  // A lane's colours and words; the same array while its data are the same, so that the canvas is not redrawn for nothing.
  const lane = useMemo(
    () => all.map(({ start_s, end_s, cluster }) => ({ start_s, end_s, cluster, label: cluster === null ? undefined : String(cluster + 1) })),
    [all],
  );
  const truth = useMemo(() => truthOf(video), [video]);

  const select = useCallback(
    (segment: Segment | null, seek: boolean) => {
      patchSearch((next) => setOrDrop(next, "segment", segment?.id ?? null));
      if (!segment) return;
      axis.reveal(segment.start_s, segment.end_s);
      if (seek) clock.set(segment.start_s + 0.5 / fps);
    },
    [patchSearch, axis, clock, fps],
  );

  const onPress = useCallback(
    (timeS: number, on: string | null) => {
      clock.set(timeS);
      if (on !== "run") return;
      const hit = all[indexAt(all, timeS)];
      if (hit) select(hit, false);
    },
    [clock, all, select],
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

  const go = (index: number) => {
    const segment = all[index];
    if (segment) select(segment, true);
  };
  const toEdge = (direction: -1 | 1) => {
    const edge = edgeFrom(all, clock.time, direction);
    if (edge !== null) clock.set(edge + 0.5 / fps);
  };
  const goNext = () => go(nextIndex(all, clock.time));
  const goPrevious = () => go(previousIndex(all, clock.time));
  const bindings: KeyBinding[] = [
    { keys: [" "], shown: "space", does: "play, pause", run: player.toggle },
    { keys: ["ArrowLeft"], shift: false, shown: "←", does: "back one frame", run: () => player.step(-1) },
    { keys: ["ArrowRight"], shift: false, shown: "→", does: "forward one frame", run: () => player.step(1) },
    { keys: ["ArrowLeft"], shift: true, shown: "shift ←", does: "back one second", run: () => player.seekBy(-1) },
    { keys: ["ArrowRight"], shift: true, shown: "shift →", does: "forward one second", run: () => player.seekBy(1) },
    { keys: ["j"], shown: "J", does: "play backwards; again, faster", run: () => player.shuttle(-1) },
    { keys: ["k"], shown: "K", does: "stop", run: player.pause },
    { keys: ["l"], shown: "L", does: "play forwards; again, faster", run: () => player.shuttle(1) },
    { keys: ["<", ","], shown: "<", does: "slower", run: () => player.changeRate(-1) },
    { keys: [">", "."], shown: ">", does: "faster", run: () => player.changeRate(1) },
    { keys: ["ArrowUp"], shown: "↑", does: "previous primitive", run: goPrevious },
    { keys: ["ArrowDown"], shown: "↓", does: "next primitive", run: goNext },
    { keys: ["["], shown: "[", does: "edge before", run: () => toEdge(-1) },
    { keys: ["]"], shown: "]", does: "edge after", run: () => toEdge(1) },
    { keys: ["o"], shown: "O", does: "loop the primitive", run: () => setLoop((was) => !was) },
    { keys: ["v"], shown: "V", does: "velocity in the plot", run: () => setVelocity((was) => !was) },
    { keys: ["+", "="], shown: "+", does: "zoom in at the playhead", run: () => axis.zoomAt(clock.time, 1.6) },
    { keys: ["-"], shown: "−", does: "zoom out", run: () => axis.zoomAt(clock.time, 1 / 1.6) },
    { keys: ["f"], shown: "F", does: "the whole video", run: () => axis.fit() },
    { keys: ["Home"], shown: "home", does: "to the start", run: () => clock.set(0) },
    { keys: ["End"], shown: "end", does: "to the end", run: () => clock.set(durationS - 0.5 / fps) },
    { keys: ["Escape"], shown: "esc", does: "select nothing", run: () => select(null, false) },
    { keys: ["?"], shown: "?", does: "this sheet", run: () => setSheet(true) },
  ];
  useKeys(bindings);

  const laneName = runNumber === null ? "run" : `run ${runNumber}`;
  return (
    <div className="workbench">
      <div className="workbench-head">
        <Link className="icon-button" to={paths.videos(project)} aria-label="Back to the videos" title="Back to the videos">
          <span className="flip">
            <Icon name="right" />
          </span>
        </Link>
        <h1 className="clip-text">{video.title}</h1>
        {video.synthetic && <span className="badge">synthetic</span>}
        <span className="facts">
          {pictureFacts(video)} {video.codec}
        </span>
        {done.length > 0 && (
          <label className="row push">
            <span className="small muted">Run</span>
            <select
              className="select"
              value={run ?? ""}
              onChange={(event) =>
                patchSearch((next) => {
                  next.set("run", event.target.value);
                  next.delete("segment");
                })
              }
            >
              {run !== null && !done.some((candidate) => candidate.id === run) && <option value={run}>{runNumber ?? run}</option>}
              {done.map((candidate) => (
                <option key={candidate.id} value={candidate.id}>
                  {candidate.number}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>

      <div className="workbench-stage">
        <Picture source={source} poster={video.poster_url} attach={player.attach} title={video.title} onToggle={player.toggle} />
        <Transport
          player={player}
          clock={clock}
          durationS={durationS}
          loop={loop}
          canLoop={selected !== null}
          onLoop={() => setLoop((was) => !was)}
          onPrevious={goPrevious}
          onNext={goNext}
        >
          <span className="push" />
          <button type="button" className="icon-button" aria-label="Velocity in the plot" title="Velocity in the plot (V)" aria-pressed={velocity} onClick={() => setVelocity((was) => !was)}>
            <Icon name="runs" />
          </button>
          <button type="button" className="icon-button" aria-label="Show the whole video" title="The whole video (F)" onClick={() => axis.fit()}>
            <Icon name="fit" />
          </button>
          <button type="button" className="icon-button" aria-label="Keys" title="Keys (?)" onClick={() => setSheet(true)}>
            <Icon name="keys" />
          </button>
        </Transport>
        <TimelineStack axis={axis} clock={clock} onPress={onPress}>
          {truth.length > 0 && <Lane id="truth" name="truth" items={truth} axis={axis} plain />}
          <Lane id="run" name={laneName} items={lane} axis={axis} selected={selectedIndex} />
          <div className="energy-panel">
            {run === null ? (
              <Empty small title="No run has looked at this video yet">
                Its energy and primitives show here after a run.
              </Empty>
            ) : energy.isPending ? (
              <Skeleton label="Loading energy…" height={148} />
            ) : energy.error instanceof ApiError && energy.error.status === 404 ? (
              <Empty small title="No energy yet">
                {laneName === "run" ? "The run" : `R${laneName.slice(1)}`} has not come to this video, or left it out.
              </Empty>
            ) : energy.isError ? (
              <Failed small what="The energy could not be read" error={energy.error} onRetry={() => void energy.refetch()} />
            ) : (
              <EnergyPlot trace={energy.data} axis={axis} clock={clock} showVelocity={velocity} />
            )}
          </div>
        </TimelineStack>
      </div>

      <aside className="workbench-side" aria-label="Primitives">
        <div className="tabs" role="tablist" aria-label="Primitives">
          <TabButton id="primitive" tab={tab} onTab={setTab}>
            Primitive
          </TabButton>
          <TabButton id="list" tab={tab} onTab={setTab}>
            All{segments.data ? ` (${segments.data.length})` : ""}
          </TabButton>
        </div>
        <div className="tab-panel" role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
          {run === null ? (
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
          ) : all.length === 0 ? (
            <Empty small title="Nothing was cut out of this video">
              Its energy never stayed above θ on, or the run has not come to it yet.
            </Empty>
          ) : tab === "list" ? (
            <SegmentList
              segments={all}
              selected={selectedId}
              onSelect={(segment) => {
                select(segment, true);
              }}
            />
          ) : selected === null ? (
            <Empty small title={plural(all.length, "primitive")} icon="similar">
              Press one on the timeline, or ↓ for the next, to see its codes and what moves like it.
            </Empty>
          ) : (
            <div className="primitive-panel">
              <SegmentFacts
                segment={selected}
                clusterName={clusters.data?.find((cluster) => cluster.index === selected.cluster)?.name ?? null}
                runNumber={runNumber}
                actions={
                  <>
                    <button
                      type="button"
                      className="button"
                      onClick={() => {
                        setLoop(true);
                        clock.set(selected.start_s + 0.5 / fps);
                        if (!player.playing) player.toggle();
                      }}
                    >
                      <Icon name="loop" /> Play in a loop
                    </button>
                    <Link className="button" to={paths.segmentInClusters(project, selected.run, selected.id)}>
                      <Icon name="map" /> Open in map
                    </Link>
                  </>
                }
              />
              <SimilarHere project={project} segment={selected} clusters={clusters.data ?? []} />
            </div>
          )}
        </div>
      </aside>
      {sheet && <KeySheet bindings={bindings} onClose={() => setSheet(false)} />}
    </div>
  );
}

interface TabButtonProps {
  id: "primitive" | "list";
  tab: string;
  onTab: (tab: "primitive" | "list") => void;
  children: React.ReactNode;
}

function TabButton({ id, tab, onTab, children }: TabButtonProps) {
  return (
    <button
      type="button"
      role="tab"
      id={`tab-${id}`}
      aria-selected={tab === id}
      aria-controls={tab === id ? `panel-${id}` : undefined}
      onClick={() => onTab(id)}
    >
      {children}
    </button>
  );
}

interface PictureProps {
  source: string;
  poster: string | null;
  title: string;
  attach: (element: HTMLVideoElement | null) => void;
  onToggle: () => void;
}

function Picture({ source, poster, title, attach, onToggle }: PictureProps) {
  const [failed, setFailed] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  return (
    <div className="picture">
      {/* The picture is a large target for the pointer; the transport and the space bar do the same. */}
      <video
        key={attempt}
        ref={attach}
        src={source}
        poster={poster ?? undefined}
        aria-label={title}
        muted
        playsInline
        preload="auto"
        disablePictureInPicture
        onClick={onToggle}
        onError={(event) => setFailed(whyNot(event.currentTarget.error))}
        onLoadedData={() => setFailed(null)}
      />
      {failed !== null && (
        <div className="picture-failed">
          <Failed
            small
            what="The video does not play"
            error={new Error(failed)}
            onRetry={() => {
              setFailed(null);
              setAttempt((n) => n + 1);
            }}
          />
        </div>
      )}
    </div>
  );
}

/** The element's own messages are for its makers. */
function whyNot(error: MediaError | null): string {
  if (error?.code === MediaError.MEDIA_ERR_NETWORK) return "The connection broke while it was read.";
  if (error?.code === MediaError.MEDIA_ERR_DECODE) return "It is damaged, or in a form this browser cannot decode.";
  return "The server did not give it, or this browser cannot play its form.";
}

interface SimilarHereProps {
  project: number;
  segment: Segment;
  clusters: readonly { index: number; name: string }[];
}

function SimilarHere({ project, segment, clusters }: SimilarHereProps) {
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
      linkTo={(hit) => paths.segmentInVideo(project, hit)}
    />
  );
}

function startTime(params: URLSearchParams): number {
  const value = Number(params.get("t"));
  return Number.isFinite(value) && value > 0 ? value : 0;
}

/** While standing still, the address holds the moment; while playing it would only flicker. */
function useTimeInAddress(clock: PlaybackClock, playing: boolean): void {
  const patchSearch = usePatchSearch();
  useEffect(() => {
    if (playing) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = (timeS: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => patchSearch((params) => setOrDrop(params, "t", timeS > 0 ? timeS.toFixed(3) : null)), 300);
    };
    write(clock.time);
    const undo = clock.subscribe(write);
    return () => {
      clearTimeout(timer);
      undo();
    };
  }, [clock, playing, patchSearch]);
}

function truthOf(video: VideoDetail) {
  return (video.truth?.segments ?? []).map(({ start, end, label }) => ({ start_s: start, end_s: end, cluster: null, label }));
}
