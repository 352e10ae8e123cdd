import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Link } from "react-router";
import type { Conflict, Decision, Review, Segment } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Icon } from "../../components/Icon";
import { LoopingClip } from "../../components/LoopingClip";
import { Failed, Skeleton } from "../../components/PanelState";
import { qualityColour } from "../../lib/palette";
import { paths } from "../../lib/paths";
import { formatAgo, formatSeconds, formatTime } from "../../lib/time";
import { formatCount, plural } from "../../lib/words";
import { useSettle, useUnsettle } from "./mutations";
import { actionsQuery, conflictsQuery, settledQuery } from "./queries";
import { CONFIDENCE, QUALITY } from "./words";
import "./agreement.css";

const PAGE = 6;

/** What two people do not agree on, for whoever manages the project to settle; nothing settled is final. */
export function Conflicts({ project, run }: { project: number; run: number }) {
  const conflicts = useQuery(conflictsQuery(run));
  const [shown, setShown] = useState(PAGE);

  if (conflicts.isPending) return <Skeleton label="Loading conflicts…" height={180} rows={2} />;
  if (conflicts.isError) return <Failed what="The conflicts could not be read" error={conflicts.error} onRetry={() => void conflicts.refetch()} />;
  const { results, total } = conflicts.data;
  return (
    <section className="panel review-panel" aria-label="Conflicts">
      <h2>
        Conflicts <span className="muted">{formatCount(total)}</span>
      </h2>
      {total === 0 ? (
        <p className="muted">None: where two people judged one primitive, they are within one grade of quality and gave the same label, or it is settled.</p>
      ) : (
        <>
          <p className="hint">Two grades of quality apart, or another label. Those that differ most come first.</p>
          <ul className="conflicts">
            {results.slice(0, shown).map((conflict) => (
              <ConflictRow key={conflict.segment.id} project={project} run={run} conflict={conflict} />
            ))}
          </ul>
          {results.length > shown && (
            <button type="button" className="button" onClick={() => setShown((before) => before + PAGE)}>
              Show more
            </button>
          )}
        </>
      )}
      <Settled project={project} run={run} />
    </section>
  );
}

function Clip({ project, segment }: { project: number; segment: Segment }) {
  const name = `Primitive ${segment.index + 1} of ${segment.video_title}`;
  return (
    <div className="conflict-clip">
      <LoopingClip src={segment.clip_url} poster={segment.poster_url} label={name} />
      <p className="small muted">
        <Link to={paths.segmentInVideo(project, segment)} aria-label={`${formatTime(segment.start_s)}: open ${name} in its video`}>
          {formatTime(segment.start_s)}
        </Link>{" "}
        · {formatSeconds(segment.duration_s)} · <bdi>{segment.video_title}</bdi>
      </p>
      <p className="small row">
        <ClusterSwatch cluster={segment.action ? segment.action.colour : segment.cluster} />
        <bdi className="clip-text">{segment.action ? segment.action.name : segment.cluster === null ? "no cluster" : `Cluster ${segment.cluster + 1} – unnamed`}</bdi>
      </p>
    </div>
  );
}

/** What each reviewer said, side by side. */
function Said({ reviews }: { reviews: readonly Review[] }) {
  return (
    <ul className="said">
      {reviews.map((review) => (
        <li key={review.id}>
          <span className="strong clip-text">
            <bdi>{review.reviewer}</bdi>
          </span>
          {review.skipped || review.quality === null ? (
            <span className="muted">skipped</span>
          ) : (
            <>
              <span className="row">
                <span className="quality-dot" style={{ background: qualityColour(review.quality) }} aria-hidden="true" />
                quality {review.quality}, {QUALITY[review.quality]}
              </span>
              {review.confidence !== null && <span className="muted small">confidence {review.confidence}, {CONFIDENCE[review.confidence]}</span>}
            </>
          )}
          {review.action && (
            <span className="row">
              <ClusterSwatch cluster={review.action.colour} /> <bdi>{review.action.name}</bdi>
            </span>
          )}
          {(review.start_s !== null || review.end_s !== null) && (
            <span className="muted small">
              would cut {review.start_s === null ? "the start where it is" : formatTime(review.start_s)} – {review.end_s === null ? "the end where it is" : formatTime(review.end_s)}
            </span>
          )}
          {review.flagged && <span className="badge bad">flagged</span>}
          {review.comment && (
            <p className="small said-words" dir="auto">
              {review.comment}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

function ConflictRow({ project, run, conflict }: { project: number; run: number; conflict: Conflict }) {
  const { segment, reviews, spread } = conflict;
  const actions = useQuery(actionsQuery(project));
  const settle = useSettle(run);
  const rated = reviews.flatMap(({ quality }) => (quality === null ? [] : [quality]));
  const [quality, setQuality] = useState<number | null>(null);
  const [action, setAction] = useState("");
  const [note, setNote] = useState("");
  const id = useId();
  const apart = spread === null || spread === 0 ? "different labels" : `${plural(spread, "grade")} apart`;
  return (
    <li className="conflict" aria-label={`Primitive ${segment.index + 1} of ${segment.video_title}: ${apart}`}>
      <Clip project={project} segment={segment} />
      <div className="conflict-said">
        <p className="small muted">{apart}</p>
        <Said reviews={reviews} />
      </div>
      <form
        className="settle"
        onSubmit={(event) => {
          event.preventDefault();
          if (quality !== null) settle.mutate({ segment: segment.id, quality, action: action === "" ? null : Number(action), note: note.trim() });
        }}
      >
        <fieldset className="field">
          <legend>Quality</legend>
          <span className="segmented">
            {QUALITY.map((word, grade) => (
              <label key={word} title={word}>
                <input type="radio" name={`${id}-quality`} checked={quality === grade} onChange={() => setQuality(grade)} aria-label={`${grade}, ${word}`} />
                {grade}
                {rated.includes(grade) && <span className="said-mark" aria-hidden="true" />}
              </label>
            ))}
          </span>
        </fieldset>
        <div className="field">
          <label htmlFor={`${id}-action`}>Action</label>
          <select id={`${id}-action`} className="select" value={action} onChange={(event) => setAction(event.target.value)}>
            <option value="">leave it as it is</option>
            {(actions.data ?? [])
              .filter((one) => !one.deprecated)
              .map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
          </select>
        </div>
        <div className="field">
          <label htmlFor={`${id}-note`}>Note</label>
          <input id={`${id}-note`} className="input" value={note} maxLength={4000} onChange={(event) => setNote(event.target.value)} />
        </div>
        {settle.error && (
          <p role="alert" className="notice bad">
            <Icon name="warning" /> {settle.error.message}
          </p>
        )}
        <button type="submit" className="button" disabled={quality === null || settle.isPending}>
          {settle.isPending ? "Settling…" : "Settle"}
        </button>
      </form>
    </li>
  );
}

function Settled({ project, run }: { project: number; run: number }) {
  const settled = useQuery(settledQuery(run));
  const undo = useUnsettle(run);

  if (settled.isPending) return <Skeleton label="Loading what is settled…" height={32} />;
  if (settled.isError) return <Failed small what="What is settled could not be read" error={settled.error} onRetry={() => void settled.refetch()} />;
  if (settled.data.total === 0) return null;
  return (
    <section className="stack" aria-label="Settled">
      <h3>
        Settled <span className="muted">{formatCount(settled.data.total)}</span>
      </h3>
      {undo.error && (
        <p role="alert" className="notice bad">
          <Icon name="warning" /> {undo.error.message}
        </p>
      )}
      <ul className="settled">
        {settled.data.results.map((decision) => (
          <SettledRow key={decision.adjudication.id} project={project} decision={decision} onUndo={() => undo.mutate(decision.adjudication.id)} busy={undo.isPending} />
        ))}
      </ul>
    </section>
  );
}

function SettledRow({ project, decision, onUndo, busy }: { project: number; decision: Decision; onUndo: () => void; busy: boolean }) {
  const { adjudication, segment, reviews } = decision;
  const said = reviews.flatMap(({ quality }) => (quality === null ? [] : [quality])).join(" and ");
  return (
    <li>
      <Link to={paths.segmentInVideo(project, segment)}>
        Primitive {segment.index + 1} of <bdi>{segment.video_title}</bdi>
      </Link>
      <span className="row">
        <span className="quality-dot" style={{ background: qualityColour(adjudication.quality) }} aria-hidden="true" />
        quality {adjudication.quality}
        {said && <span className="muted small">from {said}</span>}
      </span>
      {adjudication.action && (
        <span className="row">
          <ClusterSwatch cluster={adjudication.action.colour} /> <bdi>{adjudication.action.name}</bdi>
        </span>
      )}
      {adjudication.note && (
        <span className="small clip-text" dir="auto" title={adjudication.note}>
          {adjudication.note}
        </span>
      )}
      <span className="push small muted">
        <bdi>{adjudication.by}</bdi>, {formatAgo(adjudication.at)}
      </span>
      <button type="button" className="button small" onClick={onUndo} disabled={busy} aria-label={`Undo: primitive ${segment.index + 1} of ${segment.video_title}`}>
        <Icon name="undo" /> Undo
      </button>
    </li>
  );
}
