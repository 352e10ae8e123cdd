import { useId, useMemo, useRef, useState } from "react";
import { clusterColour } from "../../lib/palette";
import { matching, type Answer, type Label } from "./session";
import { CONFIDENCES, QUALITIES } from "./words";

interface ChoicesProps {
  answer: Answer;
  labels: readonly Label[];
  /** What its cluster is called, which stands there before anybody chose. */
  suggested: number | null;
  /** The id of the field that finds a label. */
  search: string;
  onChange: (by: Partial<Answer>) => void;
}

/** Label, quality, confidence: each by one key or one touch. */
export function Choices({ answer, labels, suggested, search, onChange }: ChoicesProps) {
  return (
    <div className="review-choices">
      <Labels answer={answer} labels={labels} suggested={suggested} search={search} onChange={onChange} />
      <fieldset>
        <legend>Quality</legend>
        <div className="review-grades four">
          {QUALITIES.map(({ key, value, word }) => (
            <button key={key} type="button" className="review-grade" aria-pressed={answer.quality === value} aria-keyshortcuts={key} onClick={() => onChange({ quality: value })}>
              <kbd aria-hidden="true">{key.toUpperCase()}</kbd>
              <span className="grade-number">
                <span className="visually-hidden">Quality </span>
                <span className="grade-swatch" style={{ background: `var(--quality-${value})` }} />
                {value}
              </span>{" "}
              <span className="small muted">{word}</span>
            </button>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend>Sure?</legend>
        <div className="review-grades three">
          {CONFIDENCES.map(({ key, value, word }) => (
            <button key={key} type="button" className="review-grade" aria-pressed={answer.confidence === value} aria-keyshortcuts={key} onClick={() => onChange({ confidence: value })}>
              <kbd aria-hidden="true">{key.toUpperCase()}</kbd>
              <span className="grade-number">
                <span className="visually-hidden">Confidence </span>
                {value}
              </span>{" "}
              <span className="small muted">{word}</span>
            </button>
          ))}
        </div>
      </fieldset>
    </div>
  );
}

function Labels({ answer, labels, suggested, search, onChange }: ChoicesProps) {
  const [typed, setTyped] = useState("");
  const found = useMemo(() => (typed.trim() === "" ? [...labels] : matching(labels, typed)), [labels, typed]);
  const field = useRef<HTMLInputElement>(null);
  const hint = useId();
  const done = () => {
    setTyped("");
    field.current?.blur();
  };
  return (
    <fieldset className="review-labels">
      <legend>Label</legend>
      {labels.length === 0 ? (
        <p className="hint">No action has a name yet. Judge without a label; names come on the Actions page.</p>
      ) : (
        <>
          <div className="review-type">
            <kbd>/</kbd>
            <input
              ref={field}
              id={search}
              className="input"
              type="search"
              placeholder="Type a label"
              aria-label="Find a label"
              aria-describedby={hint}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Escape") done();
                if (event.key !== "Enter" || found[0] === undefined) return;
                event.preventDefault();
                onChange({ action: found[0].id });
                done();
              }}
            />
            <span id={hint} className="visually-hidden">
              Enter takes the first that matches, Escape leaves
            </span>
          </div>
          {found.length === 0 && <p className="hint">No action is called that.</p>}
          <ul>
            {found.map((label) => (
              <li key={label.id}>
                <button
                  type="button"
                  className="review-label"
                  aria-pressed={answer.action === label.id}
                  aria-keyshortcuts={label.digit === null ? undefined : String(label.digit)}
                  title={label.id === suggested ? `${label.name}: what its cluster is called` : label.name}
                  onClick={() => onChange({ action: answer.action === label.id ? null : label.id })}
                >
                  {label.digit === null ? <span className="no-key" /> : <kbd aria-hidden="true">{label.digit}</kbd>}
                  <span className="swatch" style={{ "--swatch": clusterColour(label.colour) } as React.CSSProperties} />
                  <span className="clip-text">{label.name}</span>
                  {label.id === suggested && <span className="small muted push">its cluster</span>}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </fieldset>
  );
}
