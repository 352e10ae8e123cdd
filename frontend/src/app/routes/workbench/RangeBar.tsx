import { useSyncExternalStore } from "react";
import { Link } from "react-router";
import { Icon } from "../../../components/Icon";
import { paths } from "../../../lib/paths";
import { formatSeconds, formatTime } from "../../../lib/time";
import type { TimeSelection } from "../../../lib/timeSelection";

interface RangeBarProps {
  project: number;
  run: number | null;
  video: number;
  selection: TimeSelection;
  /** null: too short for a primitive, or nothing to edit. */
  onNew: (() => void) | null;
  onPlay: () => void;
  /** The range is gone. */
  onClose: () => void;
}

/** What can be done with the range somebody has dragged over. */
export function RangeBar({ project, run, video, selection, onNew, onPlay, onClose }: RangeBarProps) {
  const range = useSyncExternalStore(selection.subscribe, selection.get);
  if (range === null) return null;
  const { startS, endS } = range;
  return (
    <div className="range-bar" role="group" aria-label="Selected range">
      <span className="range-times" title={`${startS.toFixed(3)} s – ${endS.toFixed(3)} s`}>
        {formatTime(startS)} – {formatTime(endS)} <span className="muted">{formatSeconds(endS - startS)}</span>
      </span>
      {run !== null && (
        <Link className="button small" to={paths.searchRange(project, run, video, startS, endS)} title="What moves like this range (I)">
          <Icon name="similar" /> Find similar
        </Link>
      )}
      <button type="button" className="button small" disabled={onNew === null} onClick={onNew ?? undefined} title="Cut a primitive out of this range (N)">
        <Icon name="plus" /> New primitive
      </button>
      <button type="button" className="button small" onClick={onPlay} title="Play it in a loop (P)">
        <Icon name="play" /> Play range
      </button>
      <button type="button" className="icon-button" aria-label="Select no range" title="Select no range (esc)" onClick={() => { selection.set(null); onClose(); }}>
        <Icon name="close" />
      </button>
    </div>
  );
}
