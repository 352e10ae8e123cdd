import { useEffect, useId, useRef, useState, type ReactNode } from "react";

interface AskFirstProps {
  label: string;
  trigger: ReactNode;
  className?: string;
  /** What follows from it, as a sentence. */
  what: string;
  yes: string;
  pending: boolean;
  onYes: () => void;
}

/** A small thing that cannot be undone: its button asks once, in place. What takes much with it has a dialog. */
export function AskFirst({ label, trigger, className = "button small danger", what, yes, pending, onYes }: AskFirstProps) {
  const [asking, setAsking] = useState<boolean | null>(null); // null: not yet
  const first = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (asking !== null) first.current?.focus();
  }, [asking]);

  if (!asking)
    return (
      <button ref={first} type="button" className={className} aria-label={label} disabled={pending} onClick={() => setAsking(true)}>
        {trigger}
      </button>
    );
  return (
    <div className="ask-first" role="group" aria-label={label} aria-describedby={id}>
      <span id={id}>{what}</span>
      <button
        ref={first}
        type="button"
        className="button small danger"
        disabled={pending}
        aria-describedby={id}
        onClick={() => {
          setAsking(false);
          onYes();
        }}
      >
        {yes}
      </button>
      <button type="button" className="button small quiet" onClick={() => setAsking(false)}>
        Keep it
      </button>
    </div>
  );
}
