import { useEffect, useState } from "react";
import { Icon } from "../../components/Icon";

const SHOWN_MS = 2000;

/** Puts a text on the clipboard and says so. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  // Over plain HTTP from another machine a browser has no clipboard to offer.
  if (!("clipboard" in navigator)) return null;
  return (
    <button type="button" className="button small quiet" aria-label={label} onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}>
      <Icon name={copied ? "check" : "copy"} size={14} />
      <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
    </button>
  );
}
