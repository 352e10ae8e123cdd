import { useId, useRef, useState } from "react";
import { Icon } from "./Icon";

/** Something to take along, and the button that does. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);

  async function copy() {
    input.current?.select();
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      // The browser does not let us (no https): it stays selected, to be copied by key.
      setCopied(false);
    }
  }

  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="row">
        <input ref={input} id={id} className="input" readOnly value={value} onFocus={(event) => event.target.select()} />
        <button type="button" className="button" onClick={() => void copy()}>
          <Icon name={copied ? "check" : "rectangle"} /> {copied ? "Copied" : "Copy"}
        </button>
      </div>
    </div>
  );
}
