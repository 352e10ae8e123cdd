import { useId, useRef, useState } from "react";
import { Icon } from "../../components/Icon";

const MOST_BYTES = 50 * 1024 ** 2;

interface ClipDropProps {
  onClip: (clip: File) => void;
  busy: boolean;
  error: string | null;
}

/** Takes one clip to search by: dropped on it, or chosen. */
export function ClipDrop({ onClip, busy, error }: ClipDropProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const hint = useId();
  const take = (file: File | undefined) => {
    if (!file) return;
    const tooLarge = file.size > MOST_BYTES;
    setRefused(tooLarge ? "A clip to search by may have 50 MB at most. Cut out the movement you look for." : null);
    if (!tooLarge) onClip(file);
  };
  return (
    <div
      className={over ? "clip-drop over" : "clip-drop"}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files[0]);
      }}
    >
      <Icon name="upload" size={20} />
      <p>
        <span className="strong">Drop a clip of the movement here</span>
        <span className="muted" id={hint}>
          {" "}
          – up to two minutes and 50 MB; it is deleted once it has been looked at.
        </span>
      </p>
      <button type="button" className="button" disabled={busy} aria-describedby={hint} onClick={() => input.current?.click()}>
        {busy ? "Uploading…" : "Choose a clip"}
      </button>
      <input
        ref={input}
        type="file"
        accept="video/*,.mkv,.avi,.mov,.mts,.m2ts,.ts"
        className="visually-hidden"
        aria-label="Choose a clip to search by"
        tabIndex={-1}
        onChange={(event) => {
          take(event.target.files?.[0]);
          event.target.value = ""; // the same file may be chosen again
        }}
      />
      {(refused ?? error) && (
        <p role="alert" className="bad small">
          {refused ?? error}
        </p>
      )}
    </div>
  );
}
