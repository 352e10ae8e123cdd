import { useEffect, useRef, useState } from "react";
import { Icon } from "../../components/Icon";
import { useStartUploads } from "./useStartUploads";
import "./uploads.css";

const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

/** Takes files dropped anywhere on the page, or chosen. */
export function DropZone({ project }: { project: number }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const start = useStartUploads(project);

  useEffect(() => {
    let depth = 0; // dragenter and dragleave also fire for every child passed over
    const onEnter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth -= 1;
      if (depth <= 0) setOver(false);
    };
    const onOver = (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const onDrop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      start(Array.from(event.dataTransfer?.files ?? []));
    };
    window.addEventListener("dragenter", onEnter);
    window.addEventListener("dragleave", onLeave);
    window.addEventListener("dragover", onOver);
    window.addEventListener("drop", onDrop);
    return () => {
      window.removeEventListener("dragenter", onEnter);
      window.removeEventListener("dragleave", onLeave);
      window.removeEventListener("dragover", onOver);
      window.removeEventListener("drop", onDrop);
    };
  }, [start]);

  return (
    <div className="drop-zone">
      <Icon name="upload" size={20} />
      <p>
        <span className="strong">Drop videos anywhere on this page</span>
        <span className="muted"> or choose them. Uploads go on after a reload or a restart.</span>
      </p>
      <button type="button" className="button" onClick={() => input.current?.click()}>
        Choose files
      </button>
      <input
        ref={input}
        type="file"
        multiple
        accept="video/*,.mkv,.avi,.mov,.mts,.m2ts,.ts"
        className="visually-hidden"
        aria-label="Choose video files"
        tabIndex={-1}
        onChange={(event) => {
          start(Array.from(event.target.files ?? []));
          event.target.value = ""; // the same file may be chosen again
        }}
      />
      {over && (
        <div className="drop-veil" aria-hidden="true">
          <p>
            <Icon name="upload" size={32} />
            Drop to upload
          </p>
        </div>
      )}
    </div>
  );
}
