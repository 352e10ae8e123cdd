import { useCallback, useId, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import type { QueuedSegment } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import "../../components/player/player.css";
import { PlaybackClock } from "../../lib/clock";
import { useKeys, type KeyBinding } from "../../lib/keys";
import { formatSeconds, formatTime } from "../../lib/time";
import { Choices } from "./Choices";
import { EnergyStrip, type Cutting } from "./EnergyStrip";
import { LoopVideo } from "./LoopVideo";
import { isPast, isUnsent, nudged, shown, type Label } from "./session";
import type { Sat } from "./useSitting";
import { CONFIDENCES, QUALITIES } from "./words";
import "./review.css";

const CONTEXT_S = 0.5;

export interface Source {
  url: string;
  durationS: number;
}

interface ReviewDeskProps {
  sat: Sat;
  labels: readonly Label[];
  sourceOf: (segment: QueuedSegment) => Source | null;
  cutting: Cutting | null;
  /** What people wrote about the primitive, and where to write more. */
  discussion: (about: Discussed) => ReactNode;
}

export interface Discussed {
  segment: number;
  judged: boolean;
  /** The moment of the video that is shown. */
  now: () => number;
  onSeek: (timeS: number) => void;
}

const still = () => window.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;

/** One primitive on the left, looping; what is said of it on the right. */
export function ReviewDesk({ sat, labels, sourceOf, cutting, discussion }: ReviewDeskProps) {
  const { sitting, change, skip, step } = sat;
  const segment = shown(sitting)!;
  const { answer, edge, line, past, at } = sitting;
  const next = isPast(sitting) ? (past[at + 1]?.segment ?? line[0]) : line[1];
  const [playing, setPlaying] = useState(() => !still());
  const [commenting, setCommenting] = useState<number | null>(null);
  // How often somebody asked to write there; 0: it is closed.
  const [discussing, setDiscussing] = useState(0);
  const [sheet, setSheet] = useState(false);
  const picture = useRef<HTMLDivElement>(null);
  const search = useId();
  const [clock] = useState(() => new PlaybackClock());
  const onRefused = useCallback(() => setPlaying(false), [setPlaying]);

  const cut = { startS: segment.start_s, endS: segment.end_s };
  const edges = { startS: answer.startS ?? cut.startS, endS: answer.endS ?? cut.endS };
  const nudge = (steps: number) => {
    const to = nudged(cutting?.timesS ?? null, edges, edge, steps);
    const durationS = sourceOf(segment)?.durationS ?? Infinity;
    const kept = Math.round(Math.min(to, durationS) * 1e6) / 1e6;
    const where = edge === "start" ? cut.startS : cut.endS;
    const value = Math.abs(kept - where) < 1e-6 ? null : kept;
    change(edge === "start" ? { startS: value } : { endS: value });
  };
  const entry = past[at];
  const canBack = at > 0;

  const bindings: KeyBinding[] = [
    ...labels.flatMap((label) =>
      label.digit === null ? [] : [{ keys: [String(label.digit)], shown: String(label.digit), does: label.name, run: () => change({ action: label.id }) }],
    ),
    { keys: ["/"], shown: "/", does: "Type a label", run: () => document.getElementById(search)?.focus() },
    ...QUALITIES.map(({ key, value, word }) => ({ keys: [key], shown: key.toUpperCase(), does: `Quality ${value}, ${word}`, run: () => change({ quality: value }) })),
    ...CONFIDENCES.map(({ key, value, word }) => ({ keys: [key], shown: key.toUpperCase(), does: `Confidence ${value}, ${word}`, run: () => change({ confidence: value }) })),
    { keys: ["["], shown: "[", does: "Choose where it begins", run: () => step({ do: "edge", edge: "start" }) },
    { keys: ["]"], shown: "]", does: "Choose where it ends", run: () => step({ do: "edge", edge: "end" }) },
    { keys: ["ArrowLeft"], shift: false, shown: "←", does: "Nudge the edge one step back", run: () => nudge(-1) },
    { keys: ["ArrowRight"], shift: false, shown: "→", does: "Nudge the edge one step on", run: () => nudge(1) },
    { keys: ["ArrowLeft"], shift: true, shown: "Shift ←", does: "Nudge it five steps back", run: () => nudge(-5) },
    { keys: ["ArrowRight"], shift: true, shown: "Shift →", does: "Nudge it five steps on", run: () => nudge(5) },
    { keys: ["c"], shown: "C", does: "Comment", run: () => setCommenting(segment.id) },
    { keys: ["t"], shown: "T", does: "Discuss this moment with the others", run: () => setDiscussing((n) => n + 1) },
    { keys: ["f"], shown: "F", does: "Flag: somebody else should look", run: () => change({ flagged: !answer.flagged }) },
    { keys: ["x"], shown: "X", does: "Skip", run: skip },
    { keys: ["z", "Backspace"], shown: "Z", does: "Back to the one before", run: () => step({ do: "back" }) },
    { keys: ["Enter"], shown: "Enter", does: "Forward again, after going back", run: () => step({ do: "forward" }) },
    { keys: [" "], shown: "Space", does: "Play or pause", run: () => setPlaying((on) => !on) },
    { keys: ["?"], shown: "?", does: "This sheet", run: () => setSheet(true) },
  ];
  useKeys(bindings, { first: true });

  const fromS = Math.max(0, Math.min(cut.startS, edges.startS) - CONTEXT_S);
  const toS = Math.max(cut.endS, edges.endS) + CONTEXT_S;
  const goTo = (timeS: number) => {
    setPlaying(false);
    const element = picture.current?.querySelector<HTMLVideoElement>("video.here");
    if (!element) return;
    element.currentTime = Math.min(Math.max(timeS, fromS), toS); // the loop stays within what is judged
    clock.report(element.currentTime);
  };
  const deck = [segment, ...(next && next.id !== segment.id ? [next] : [])];
  const name = `Primitive ${segment.index + 1} of ${segment.video_title}`;
  return (
    <div className="review-desk">
      <section className="review-clip" aria-label={name}>
        <div className="review-picture" ref={picture}>
          {/* In one order whichever is shown, so that an element never moves, which would stop it. */}
          {[...deck].sort((a, b) => a.id - b.id).map((one) => {
            const source = sourceOf(one);
            if (!source) return null;
            const here = one.id === segment.id;
            return (
              <LoopVideo
                key={one.id}
                src={source.url}
                fromS={here ? fromS : Math.max(0, one.start_s - CONTEXT_S)}
                toS={Math.min(here ? toS : one.end_s + CONTEXT_S, source.durationS)}
                label={name}
                shown={here}
                playing={here && playing}
                onTime={clock.report}
                onRefused={onRefused}
                onToggle={() => setPlaying((on) => !on)}
              />
            );
          })}
          {sourceOf(segment) === null && <div className="skeleton review-none" role="status" aria-label="Loading the clip…" />}
        </div>
        <EnergyStrip cutting={cutting} fromS={fromS} toS={toS} cut={cut} edges={edges} edge={edge} clock={clock} />
        <div className="review-edges" role="group" aria-label="Edges">
          <button type="button" className="icon-button" aria-label={playing ? "Pause" : "Play"} title={`${playing ? "Pause" : "Play"} (space)`} onClick={() => setPlaying((on) => !on)}>
            <Icon name={playing ? "pause" : "play"} />
          </button>
          {(["start", "end"] as const).map((side) => (
            <button key={side} type="button" className="button" aria-pressed={edge === side} onClick={() => step({ do: "edge", edge: side })}>
              <kbd aria-hidden="true">{side === "start" ? "[" : "]"}</kbd>
              {side === "start" ? "begins" : "ends"} <span className="strong">{formatTime(side === "start" ? edges.startS : edges.endS)}</span>
            </button>
          ))}
          <span className="review-nudges">
            <button type="button" className="icon-button" aria-label="Nudge back" title="One step back (←)" onClick={() => nudge(-1)}>
              <Icon name="frameBack" />
            </button>
            <button type="button" className="icon-button" aria-label="Nudge on" title="One step on (→)" onClick={() => nudge(1)}>
              <Icon name="frameForward" />
            </button>
          </span>
          {(answer.startS !== null || answer.endS !== null) && (
            <button type="button" className="button quiet" onClick={() => change({ startS: null, endS: null })}>
              As it was cut
            </button>
          )}
          <span className="facts push">
            <span>{formatSeconds(edges.endS - edges.startS)}</span>
            {segment.cluster !== null && <span>cluster {segment.cluster + 1}</span>}
          </span>
        </div>
      </section>

      <section className="review-say panel" aria-label="Your judgement">
        {entry && (
          <p className="notice review-past" role="status">
            <Icon name="undo" />
            <span>
              {entry.answer.skipped ? "You skipped this one." : "You have judged this one."} {isUnsent(entry) ? "It is not saved yet." : "Changes are saved."}
            </span>
            <button type="button" className="button small push" onClick={() => step({ do: "forward" })}>
              Forward <kbd aria-hidden="true">Enter</kbd>
            </button>
          </p>
        )}
        <Choices answer={answer} labels={labels} suggested={segment.action?.id ?? null} search={search} onChange={change} />
        {(commenting === segment.id || answer.comment !== "") && (
          <Comment key={segment.id} text={answer.comment} open={commenting === segment.id} onSay={(comment) => change({ comment })} onClose={() => setCommenting(null)} />
        )}
        <div className="review-tools">
          <button type="button" className="button" disabled={!canBack} onClick={() => step({ do: "back" })}>
            <kbd aria-hidden="true">Z</kbd> Back
          </button>
          <button type="button" className="button" onClick={skip}>
            <kbd aria-hidden="true">X</kbd> Skip
          </button>
          <button type="button" className="button" aria-pressed={answer.flagged} onClick={() => change({ flagged: !answer.flagged })}>
            <kbd aria-hidden="true">F</kbd> {answer.flagged ? "Flagged" : "Flag"}
          </button>
          <button type="button" className="button" onClick={() => setCommenting(segment.id)}>
            <kbd aria-hidden="true">C</kbd> Comment
          </button>
          <button type="button" className="button" aria-expanded={discussing > 0} onClick={() => setDiscussing((n) => (n > 0 ? 0 : 1))}>
            <kbd aria-hidden="true">T</kbd> Discuss
          </button>
          <button type="button" className="icon-button" aria-label="Keys" title="Keys (?)" onClick={() => setSheet(true)}>
            <Icon name="keys" />
          </button>
        </div>
        {discussing > 0 && (
          <Discussion asked={discussing} show={discussion} segment={segment.id} judged={entry !== undefined && !entry.answer.skipped} now={() => clock.time} onSeek={goTo} />
        )}
      </section>
      {sheet && (
        <Dialog title="Keys" onClose={() => setSheet(false)}>
          <div className="body">
            <dl className="key-sheet">
              {bindings.map((binding) => (
                <div key={`${binding.shown} ${binding.does}`}>
                  <dt>
                    {binding.shown.split(" ").map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{binding.does}</dd>
                </div>
              ))}
            </dl>
            <p className="hint">Quality and confidence together finish a primitive, and the next one plays. A label comes before them, or stays what its cluster is called.</p>
          </div>
        </Dialog>
      )}
    </div>
  );
}

interface DiscussionProps extends Discussed {
  asked: number;
  show: (about: Discussed) => ReactNode;
}

/** What others can read, beside one's own judgement. */
function Discussion({ asked, show, ...about }: DiscussionProps) {
  const section = useRef<HTMLElement>(null);
  // Before the next key comes, which is a letter here and means something else outside.
  useLayoutEffect(() => section.current?.querySelector("textarea")?.focus(), [asked]);
  return (
    <section ref={section} className="review-talk" aria-label="Discussion">
      {show(about)}
    </section>
  );
}

interface CommentProps {
  text: string;
  open: boolean;
  onSay: (text: string) => void;
  onClose: () => void;
}

/** What one adds in words: kept when one leaves the field, by Escape or otherwise. */
function Comment({ text, open, onSay, onClose }: CommentProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [typed, setTyped] = useState(text);
  const id = useId();
  // Before the next key comes, which is a letter here and means something else outside.
  useLayoutEffect(() => {
    if (open) field.current?.focus();
  }, [open]);
  return (
    <div className="review-comment">
      <label htmlFor={id} className="small muted">
        Comment <span className="muted">(Esc keeps it)</span>
      </label>
      <textarea
        id={id}
        ref={field}
        className="input"
        rows={2}
        maxLength={4000}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => {
          if (typed !== text) onSay(typed);
          onClose();
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) field.current?.blur();
        }}
      />
    </div>
  );
}
