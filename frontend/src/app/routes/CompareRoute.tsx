import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { ApiError } from "../../api/errors";
import type { Comparison, Run, Video } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { Picture } from "../../components/player/Picture";
import { usePlayer } from "../../components/player/usePlayer";
import { Lane, type LaneItem } from "../../components/timeline/Lane";
import { TimelineStack } from "../../components/timeline/TimelineStack";
import { differences, isKept, timeOf, wordsOf } from "../../features/compare/boundaries";
import { ConfigTable, Figures, VideoTable } from "../../features/compare/ComparisonTables";
import { comparisonQuery } from "../../features/compare/queries";
import { projectQuery } from "../../features/projects/queries";
import { runsQuery } from "../../features/runs/queries";
import { segmentsOfVideoQuery } from "../../features/segments/queries";
import { videosQuery } from "../../features/videos/queries";
import { PlaybackClock } from "../../lib/clock";
import { useKeys } from "../../lib/keys";
import { paths } from "../../lib/paths";
import { idFrom, setOrDrop, usePatchSearch } from "../../lib/search";
import { formatTime } from "../../lib/time";
import { TimeAxis } from "../../lib/timeAxis";
import { NotFound } from "./NotFound";
import { DiscoverStep } from "./DiscoverStep";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** Two runs side by side: what was set, where they cut, whether their clusters agree. */
export function CompareRoute() {
  const project = useIdParam("project");
  const [params] = useSearchParams();
  const patch = usePatchSearch();
  const owner = useQuery(projectQuery(project));
  const runs = useQuery(runsQuery(project));
  useTitle("Compare runs", owner.data?.name);

  const finished = runs.data?.filter((run) => run.status === "done") ?? [];
  // Without names in the address: the newest two, the older first.
  const b = idFrom(params, "b") ?? finished.find((run) => run.id !== idFrom(params, "a"))?.id ?? null;
  const a = idFrom(params, "a") ?? finished.find((run) => run.id !== b)?.id ?? null;
  const video = idFrom(params, "video");
  const set = (name: string, value: number) => patch((search) => setOrDrop(search, name, value));

  return (
    <div className="page compare-page">
      <div className="page-head">
        <div>
          <h1>Compare runs</h1>
          <p className="muted">What was set, where they cut, and whether their clusters agree.</p>
        </div>
        <Link className="button" to={paths.runs(project)}>
          Runs
        </Link>
      </div>
      {runs.isPending ? (
        <Skeleton label="Loading…" height={96} rows={3} />
      ) : runs.isError ? (
        <Failed what="The runs could not be read" error={runs.error} onRetry={() => void runs.refetch()} />
      ) : a === null || b === null ? (
        <Empty title="It takes two finished runs" icon="compare" actions={<DiscoverStep project={project} />}>
          Discover once more with another threshold or another number of clusters, then compare the two.
        </Empty>
      ) : (
        <>
          <div className="compare-choice">
            <RunChoice name="Run a" value={a} runs={finished} onChange={(id) => set("a", id)} />
            <button
              type="button"
              className="icon-button"
              aria-label="Swap the runs"
              title="Swap the runs"
              onClick={() =>
                patch((search) => {
                  search.set("a", String(b));
                  search.set("b", String(a));
                })
              }
            >
              <Icon name="compare" />
            </button>
            <RunChoice name="Run b" value={b} runs={finished} onChange={(id) => set("b", id)} />
          </div>
          <Compared project={project} a={a} b={b} video={video} onVideo={(id) => set("video", id)} />
        </>
      )}
    </div>
  );
}

function RunChoice({ name, value, runs, onChange }: { name: string; value: number; runs: readonly Run[]; onChange: (id: number) => void }) {
  return (
    <label className="field">
      <span className="label">{name}</span>
      <select className="select" value={value} onChange={(event) => onChange(Number(event.target.value))}>
        {!runs.some((run) => run.id === value) && <option value={value}>another</option>}
        {runs.map((run) => (
          <option key={run.id} value={run.id}>
            Run {run.number}, {run.preset}, k {run.n_clusters ?? run.n_clusters_found}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ComparedProps {
  project: number;
  a: number;
  b: number;
  video: number | null;
  onVideo: (video: number) => void;
}

function Compared({ project, a, b, video: asked, onVideo }: ComparedProps) {
  const plain = useQuery({ ...comparisonQuery(a, b, null), enabled: asked === null });
  const video = asked ?? plain.data?.videos[0]?.id ?? null;
  const full = useQuery({ ...comparisonQuery(a, b, video), enabled: video !== null });
  const videos = useQuery(videosQuery(project));
  const shown = full.data ?? plain.data;
  const error = full.error ?? plain.error;

  if (error && !shown)
    return error instanceof ApiError && error.status === 404 ? (
      <NotFound />
    ) : (
      <Failed what="The runs could not be compared" error={error} onRetry={() => void (video === null ? plain : full).refetch()} />
    );
  if (!shown) return <Skeleton label="Comparing…" height={200} rows={2} />;
  const film = videos.data?.find((one) => one.id === video);
  return (
    <>
      {shown.videos.length === 0 ? (
        <Empty small title="No video is in both runs">
          Only their settings can be compared.
        </Empty>
      ) : (
        film && <Timeline key={`${film.id} ${a} ${b}`} video={film} comparison={shown} project={project} />
      )}
      {shown.videos.length > 0 && (
        <section className="stack" aria-label="Videos">
          <h2>Boundaries</h2>
          <VideoTable comparison={shown} current={video} onVideo={onVideo} />
        </section>
      )}
      <section className="stack" aria-label="Figures">
        <h2>Figures</h2>
        <Figures comparison={shown} />
      </section>
      <section className="stack" aria-label="Settings">
        <h2>Settings</h2>
        <ConfigTable comparison={shown} />
      </section>
    </>
  );
}

const NONE: never[] = [];

function Timeline({ video, comparison, project }: { video: Video; comparison: Comparison; project: number }) {
  const { a, b } = comparison;
  const [clock] = useState(() => new PlaybackClock(0));
  const [axis] = useState(() => new TimeAxis(video.duration_s ?? 1));
  const { attach, playing, toggle } = usePlayer({ clock, fps: video.fps ?? 30, loop: null });
  const ofA = useQuery(segmentsOfVideoQuery(a.id, video.id));
  const ofB = useQuery(segmentsOfVideoQuery(b.id, video.id));
  const boundaries = comparison.boundaries ?? NONE;
  const changed = useMemo(() => differences(boundaries), [boundaries]);
  useKeys([{ keys: [" ", "k"], shown: "Space", does: "Play or pause", run: toggle }]);

  const blocks = (segments: readonly { start_s: number; end_s: number; cluster: number | null }[] | undefined): LaneItem[] =>
    segments?.map((one) => ({
      start_s: one.start_s,
      end_s: one.end_s,
      paint: one.cluster === null ? ("none" as const) : { group: one.cluster },
      label: one.cluster === null ? undefined : String(one.cluster + 1),
    })) ?? NONE;
  const marks = useMemo(() => changed.map(({ start_s, end_s }) => ({ start_s, end_s, paint: "truth" as const })), [changed]);

  return (
    <div className="compare-columns">
      <div className="compare-stage">
        {video.browser_url && (
          <Picture source={video.browser_url} poster={video.poster_url} title={video.title} attach={attach} onToggle={toggle} />
        )}
        <div className="row wrap">
          <button type="button" className="button small" onClick={toggle}>
            <Icon name={playing ? "pause" : "play"} /> {playing ? "Pause" : "Play"}
          </button>
          <span className="small muted clip-text">{video.title}</span>
        </div>
        {ofA.isError || ofB.isError ? (
          <Failed
            small
            what="The primitives could not be read"
            error={(ofA.error ?? ofB.error)!}
            onRetry={() => {
              void ofA.refetch();
              void ofB.refetch();
            }}
          />
        ) : (
          <TimelineStack axis={axis} clock={clock} onPress={({ timeS }) => clock.set(timeS)}>
            <Lane id="a" name={`run ${a.number}`} about={`run ${a.number}`} items={blocks(ofA.data)} axis={axis} />
            <Lane id="b" name={`run ${b.number}`} about={`run ${b.number}`} items={blocks(ofB.data)} axis={axis} />
            <Lane id="changed" name="changed" about="changed boundaries" items={marks} axis={axis} />
          </TimelineStack>
        )}
      </div>
      <section className="panel" aria-label="Boundaries that differ">
        {changed.length === 0 ? (
          <Empty small title="Every boundary was kept">
            Both runs cut this video alike{boundaries.length > 0 && ` (${boundaries.filter(isKept).length} boundaries)`}.
          </Empty>
        ) : (
          <ul className="boundary-list">
            {changed.map(({ boundary }) => (
              <li key={`${boundary.a_s} ${boundary.b_s}`}>
                <button
                  type="button"
                  onClick={() => {
                    const at = timeOf(boundary);
                    axis.reveal(at - 1, at + 1);
                    clock.set(at);
                  }}
                >
                  {formatTime(timeOf(boundary))}
                  <span className="push small muted">{wordsOf(boundary, a.number, b.number)}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
        <p className="small muted" style={{ padding: "var(--s2) var(--s3)" }}>
          <Link to={`/projects/${project}/videos/${video.id}?run=${b.id}`}>Open run {b.number} in the video</Link>
        </p>
      </section>
    </div>
  );
}
