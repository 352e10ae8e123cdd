import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { ApiError } from "../../api/errors";
import type { Project, QueuedSegment, ReviewQueues, Run } from "../../api/types";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { Comments } from "../../features/comments/CommentList";
import { commentKeys } from "../../features/comments/queries";
import { projectQuery } from "../../features/projects/queries";
import type { Cutting } from "../../features/review/EnergyStrip";
import { QUEUES, queueKey, queuesQuery, type Queue } from "../../features/review/queries";
import { ReviewDesk, type Discussed, type Source } from "../../features/review/ReviewDesk";
import { End, paceOf, Unsent } from "../../features/review/ReviewStates";
import { shown, withDigits } from "../../features/review/session";
import { useSitting } from "../../features/review/useSitting";
import { queueName, queueOf, type QueueFacts } from "../../features/review/words";
import { runQuery } from "../../features/runs/queries";
import { signalsQuery } from "../../features/runs/signals";
import { sessionQuery } from "../../features/session/queries";
import { videoQuery } from "../../features/videos/queries";
import { useKeys } from "../../lib/keys";
import { paths } from "../../lib/paths";
import { idFrom } from "../../lib/search";
import { formatCount } from "../../lib/words";
import { NotFound } from "./NotFound";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

const PREPARED = 3;

/** Judge the primitives of a run, one at a time, by keys. */
export function ReviewRoute() {
  const project = useIdParam("project");
  const run = useIdParam("run");
  const [params] = useSearchParams();
  const set = idFrom(params, "set");
  const named = QUEUES.find((name) => name === params.get("queue")) ?? "assigned";
  const owner = useQuery(projectQuery(project));
  const one = useQuery(runQuery(run));
  const session = useQuery(sessionQuery);
  const queues = useQuery(queuesQuery(run));
  useTitle(one.data && `Review of run ${one.data.number}`, owner.data?.name);

  if (one.error instanceof ApiError && one.error.status === 404) return <NotFound />;
  if (queues.error instanceof ApiError && queues.error.status === 403)
    return (
      <div className="page">
        <Empty title="Only reviewers judge primitives">Your role in this project is viewer. Its owner can make you a reviewer on the Members page.</Empty>
      </div>
    );
  const failed = [one, queues, session].find((query) => query.isError);
  if (failed?.error) return <Failed what="The review could not be opened" error={failed.error} onRetry={() => void failed.refetch()} />;
  const user = session.data?.user?.id;
  if (!one.data || !queues.data || user === undefined)
    return (
      <div className="page">
        <Skeleton label="Loading the review…" height={480} />
      </div>
    );
  const current = queues.data.queues.find((facts) => (set === null ? facts.set === null && facts.name === named : facts.set === set));
  if (!current)
    return (
      <div className="page">
        <Empty title="This set is not sent to review" actions={<Link className="button" to={paths.review(project, run)}>Assigned to me</Link>}>
          It may have been removed, or belong to another run.
        </Empty>
      </div>
    );
  const queue = queueOf(current);
  return <AtQueue key={`${run} ${queueKey(queue)}`} project={project} role={owner.data?.role} run={one.data} user={user} queue={queue} current={current} facts={queues.data} />;
}

interface AtQueueProps {
  project: number;
  role: Project["role"] | undefined;
  run: Run;
  user: number;
  queue: Queue;
  current: QueueFacts;
  facts: ReviewQueues;
}

function AtQueue({ project, role, run, user, queue, current, facts }: AtQueueProps) {
  const sat = useSitting(user, run.id, queue);
  const { sitting } = sat;
  const navigate = useNavigate();
  const client = useQueryClient();
  // What was kept of an earlier visit, and what of that the server had never heard when it counted.
  const [before] = useState(() => sitting.past.length);
  const [unheard] = useState(() => sitting.past.filter(({ sent }) => sent === 0).length);
  const labels = useMemo(() => withDigits(facts.labels), [facts.labels]);
  const segment = shown(sitting);
  const coming = sitting.line.slice(0, PREPARED + 1);

  const sources = useSources([...(segment ? [segment] : []), ...coming]);
  const cutting = useCutting(run.id, segment?.video ?? null);
  const videos = [...new Set(coming.map(({ video }) => video))].join();
  useEffect(() => {
    for (const video of videos.split(",").filter(Boolean).map(Number)) {
      void client.prefetchQuery({ ...videoQuery(video), staleTime: 60_000 });
      void client.prefetchQuery(signalsQuery(run.id, video));
    }
  }, [client, run.id, videos]);

  useKeys(segment ? [] : [{ keys: ["z", "Backspace"], shown: "Z", does: "Back", run: () => sat.step({ do: "back" }) }], { first: true });

  // Once the server has a judgement, it tells what others wrote about the primitive.
  useEffect(() => {
    if (sat.unsent === 0) void client.invalidateQueries({ queryKey: commentKeys.ofSegments });
  }, [client, sat.unsent]);

  const mine = sitting.past.slice(before);
  const pace = paceOf(mine) ?? facts.mean_seconds;
  const done = current.total - current.left + unheard + mine.length;
  const discussion = ({ segment: id, judged, now, onSeek }: Discussed) => (
    <Comments
      key={id}
      project={project}
      about={{ segment: id, blind: true }}
      role={role}
      now={now}
      onSeek={onSeek}
      whenEmpty={judged ? "What you write stands at the moment shown." : "What you write stands at the moment shown. What others wrote is here once you have judged this primitive."}
    />
  );
  const hrefOf = (one: QueueFacts) => addressOf(project, run.id, one);
  return (
    <div className="review-page">
      <header className="review-bar">
        <h1>
          Review <span className="muted">run {run.number}</span>
        </h1>
        <label className="row">
          <span className="visually-hidden">Queue</span>
          <select className="select" value={hrefOf(current)} onChange={(event) => void navigate(event.target.value)}>
            {facts.queues.map((one) => (
              <option key={hrefOf(one)} value={hrefOf(one)}>
                {one.set === null ? "" : "Set: "}
                {queueName(one)} ({one.measured ? `${formatCount(one.left)} left` : "not measured"})
              </option>
            ))}
          </select>
        </label>
        <p className="facts push" role="status">
          {segment && (
            <span className="strong">
              {sitting.at < sitting.past.length
                ? `back ${sitting.past.length - sitting.at}`
                : `${formatCount(Math.min(done + 1, Math.max(current.total, done + 1)))} of ${formatCount(Math.max(current.total, done + 1))}`}
            </span>
          )}
          {pace !== null && <span title="Mean time a primitive was looked at while this page was on screen">{pace.toFixed(1)} s each</span>}
          {sat.unsent > 0 && <span>saving…</span>}
        </p>
      </header>
      <Unsent sat={sat} />
      {segment ? (
        <ReviewDesk sat={sat} labels={labels} sourceOf={({ video }) => sources.get(video) ?? null} cutting={cutting} discussion={discussion} />
      ) : sat.error ? (
        <Failed what="The queue could not be read" error={sat.error} onRetry={sat.retry} />
      ) : sat.pending ? (
        <Skeleton label="Loading the queue…" height={480} />
      ) : (
        <End sitting={sitting} before={before} queues={facts.queues} current={current} hrefOf={hrefOf} team={paths.team(project)} onBack={() => sat.step({ do: "back" })} />
      )}
    </div>
  );
}

function addressOf(project: number, run: number, one: QueueFacts): string {
  if (one.set !== null) return paths.review(project, run, one.set);
  return one.name === "assigned" ? paths.review(project, run) : `${paths.review(project, run)}?queue=${one.name}`;
}

/** What plays for the primitive shown and the one after it; an hour's worth of both is one file. */
function useSources(segments: readonly QueuedSegment[]): Map<number, Source> {
  const [first, second] = [...new Set(segments.map(({ video }) => video))];
  const one = useQuery({ ...videoQuery(first ?? 0), enabled: first !== undefined, staleTime: 60_000 });
  const other = useQuery({ ...videoQuery(second ?? 0), enabled: second !== undefined, staleTime: 60_000 });
  return useMemo(() => {
    const found = new Map<number, Source>();
    for (const video of [one.data, other.data]) if (video?.browser_url) found.set(video.id, { url: video.browser_url, durationS: video.duration_s ?? Infinity });
    return found;
  }, [one.data, other.data]);
}

function useCutting(run: number, video: number | null): Cutting | null {
  const signals = useQuery({ ...signalsQuery(run, video ?? 0), enabled: video !== null });
  const { data } = signals;
  return useMemo(() => (data ? { startS: data.startS, timesS: data.timesS, energy: data.energy, thetaOn: data.thetaOn, thetaOff: data.thetaOff, alpha: data.detection.alpha, unit: data.unit } : null), [data]);
}
