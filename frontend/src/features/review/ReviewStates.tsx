import type { ReactNode } from "react";
import { Link } from "react-router";
import { Icon } from "../../components/Icon";
import { Empty } from "../../components/PanelState";
import { formatCount, plural } from "../../lib/words";
import { isUnsent, type Entry, type Sitting } from "./session";
import type { Sat } from "./useSitting";
import { queueName, whyEmpty, type QueueFacts } from "./words";

/** What is not saved and why; nothing is lost meanwhile. */
export function Unsent({ sat }: { sat: Sat }) {
  const refused = sat.sitting.past.filter((entry) => isUnsent(entry) && entry.refused !== null);
  if (!sat.away && refused.length === 0) return null;
  return (
    <div className="notice bad review-unsent" role="alert">
      <Icon name="warning" />
      <div className="stack">
        {sat.away && (
          <p>
            {plural(sat.unsent, "answer")} not saved yet: the server does not answer. They are kept in this browser and sent as soon as it does.{" "}
            <button type="button" className="button small" onClick={sat.sendNow}>
              Try now
            </button>
          </p>
        )}
        {refused.map((entry) => (
          <p key={entry.segment.id}>
            Primitive {entry.segment.index + 1} of {entry.segment.video_title} is not saved: {entry.refused}{" "}
            <button type="button" className="button small" onClick={() => sat.step({ do: "show", segment: entry.segment.id })}>
              Look at it
            </button>{" "}
            <button type="button" className="button small" onClick={sat.sendNow}>
              Try again
            </button>{" "}
            <button type="button" className="button small danger" onClick={() => sat.step({ do: "discard", segment: entry.segment.id })}>
              Discard
            </button>
          </p>
        ))}
      </div>
    </div>
  );
}

interface OthersProps {
  queues: readonly QueueFacts[];
  current: QueueFacts;
  hrefOf: (facts: QueueFacts) => string;
}

function Others({ queues, current, hrefOf }: OthersProps): ReactNode {
  const others = queues.filter((one) => one !== current && one.left > 0).slice(0, 4);
  return others.map((one, i) => (
    <Link key={`${one.name} ${one.set}`} className={i === 0 ? "button primary" : "button"} to={hrefOf(one)}>
      {queueName(one)} ({formatCount(one.left)})
    </Link>
  ));
}

interface EndProps extends OthersProps {
  sitting: Sitting;
  /** Those judged before this sitting began. */
  before: number;
  team: string;
  onBack: () => void;
}

/** Nothing is left: what was done, and what to do next. */
export function End({ sitting, before, team, onBack, ...others }: EndProps) {
  const done = sitting.past.slice(before);
  if (done.length === 0) {
    const { title, words } = others.current.left === 0 && others.current.total > 0 ? { title: "You have judged all of these", words: "Nothing of this queue is left to you." } : whyEmpty(others.current);
    return (
      <Empty
        title={title}
        icon="check"
        actions={
          <>
            <Others {...others} />
            <Link className="button" to={team}>
              Review of the team
            </Link>
          </>
        }
      >
        {words}
      </Empty>
    );
  }
  const rated = done.filter(({ answer }) => !answer.skipped);
  const figures = [plural(rated.length, "primitive") + " judged"];
  const skips = done.length - rated.length;
  if (skips > 0) figures.push(`${formatCount(skips)} skipped`);
  const flags = done.filter(({ answer }) => answer.flagged).length;
  if (flags > 0) figures.push(`${formatCount(flags)} flagged`);
  const pace = paceOf(rated);
  if (pace !== null) figures.push(`${pace.toFixed(1)} s each`);
  const waiting = done.filter(isUnsent).length;
  return (
    <Empty
      title="Done: nothing of this queue is left to you"
      icon="check"
      actions={
        <>
          <Others {...others} />
          <button type="button" className="button" onClick={onBack}>
            <kbd aria-hidden="true">Z</kbd> Back to the last one
          </button>
          <Link className="button" to={team}>
            Review of the team
          </Link>
        </>
      }
    >
      {figures.join(" · ")}.{waiting > 0 && ` ${plural(waiting, "answer")} still to be saved.`}
    </Empty>
  );
}

/** Mean seconds of those rated; null where there are none. */
export function paceOf(entries: readonly Entry[]): number | null {
  const rated = entries.filter(({ answer }) => !answer.skipped);
  return rated.length === 0 ? null : rated.reduce((sum, { seconds }) => sum + seconds, 0) / rated.length;
}
