import { useQuery } from "@tanstack/react-query";
import { useId, useRef, useState, type KeyboardEvent } from "react";
import { Icon } from "../../components/Icon";
import { candidates, named, naming } from "./naming";
import { peopleQuery } from "./queries";
import "./comments.css";

interface CommentBoxProps {
  project: number;
  label: string;
  verb: string;
  /** Sends it; the box is empty again once that worked. */
  onSend: (text: string, sent: () => void) => void;
  busy: boolean;
  error: Error | null;
  initial?: string;
  /** What it is about: what was typed and not sent waits under this name until one comes back to it. */
  draft?: string;
  onCancel?: () => void;
}

const LONGEST = 4_000;
const unsent = new Map<string, string>();

/** Where a comment is written. @ offers the members; arrows choose, Enter or Tab takes one; Ctrl+Enter sends. */
export function CommentBox({ project, label, verb, onSend, busy, error, initial = "", draft, onCancel }: CommentBoxProps) {
  const [text, writeText] = useState(() => (draft && unsent.get(draft)) ?? initial);
  const [caret, setCaret] = useState(text.length);
  const [at, setAt] = useState(0);
  const [closed, setClosed] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const people = useQuery(peopleQuery(project));
  const id = useId();
  const typing = closed ? null : naming(text, caret);
  const offered = typing ? candidates(people.data ?? [], typing.typed) : [];
  const chosen = Math.min(at, offered.length - 1);

  const setText = (next: string) => {
    writeText(next);
    if (!draft) return;
    if (next.trim() === "") unsent.delete(draft);
    else unsent.set(draft, next);
  };
  const take = (username: string) => {
    if (!typing) return;
    const next = named(text, caret, typing.from, username);
    setText(next.text);
    setCaret(next.caret);
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(next.caret, next.caret);
    });
  };
  const send = () => {
    const said = text.trim();
    if (said === "" || busy) return;
    onSend(said, () => {
      setText("");
      setCaret(0);
    });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    event.stopPropagation(); // letters are words here, not the screen's keys
    if (offered.length > 0) {
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (step !== 0) {
        event.preventDefault();
        setAt((chosen + step + offered.length) % offered.length);
        return;
      }
      if (event.key === "Enter" || event.key === "Tab") {
        event.preventDefault();
        take(offered[chosen]!.username);
        return;
      }
      if (event.key === "Escape") {
        setClosed(true);
        return;
      }
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") onCancel?.();
  };
  return (
    <form
      className="comment-box"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label className="visually-hidden" htmlFor={`${id}-text`}>
        {label}
      </label>
      <textarea
        ref={field}
        id={`${id}-text`}
        className="input"
        rows={2}
        dir="auto"
        placeholder={`${label}, @ names somebody`}
        value={text}
        role="combobox"
        aria-expanded={offered.length > 0}
        aria-controls={`${id}-names`}
        aria-autocomplete="list"
        aria-activedescendant={offered.length > 0 ? `${id}-${offered[chosen]!.id}` : undefined}
        onChange={(event) => {
          setText(event.target.value);
          setCaret(event.target.selectionStart);
          setAt(0);
          setClosed(false);
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-names`} role="listbox" aria-label="Members" className={offered.length > 0 ? "comment-names" : "visually-hidden"}>
        {offered.map((one, i) => (
          // The keyboard chooses from the field itself.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <li key={one.id} id={`${id}-${one.id}`} role="option" tabIndex={-1} aria-selected={i === chosen} onMouseDown={(event) => event.preventDefault()} onClick={() => take(one.username)}>
            <bdi>{one.name}</bdi> {one.name !== one.username && <span className="muted small">@{one.username}</span>}
          </li>
        ))}
      </ul>
      {text.length > LONGEST && <p className="hint bad">{`A comment may have 4,000 characters; this has ${text.length.toLocaleString("en")}.`}</p>}
      {error && (
        <p role="alert" className="notice bad">
          <Icon name="warning" /> {error.message}
        </p>
      )}
      <span className="row">
        <span className="push" />
        {onCancel && (
          <button type="button" className="button small quiet" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" className="button small" disabled={busy || text.trim() === "" || text.length > LONGEST}>
          {verb}
        </button>
      </span>
    </form>
  );
}
