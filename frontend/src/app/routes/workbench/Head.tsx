import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Run, VideoDetail } from "../../../api/types";
import { Icon } from "../../../components/Icon";
import { pictureFacts } from "../../../features/videos/facts";
import { paths } from "../../../lib/paths";

interface HeadProps {
  project: number;
  video: VideoDetail;
  /** Those that can be looked at. */
  runs: readonly Run[];
  run: number | null;
  runNumber: number | null;
  onRun: (run: number) => void;
  /** What is not kept yet, in words. */
  draft: string | null;
  onDraft: () => void;
  children?: ReactNode;
}

export function Head({ project, video, runs, run, runNumber, onRun, draft, onDraft, children }: HeadProps) {
  return (
    <div className="workbench-head">
      <Link className="icon-button" to={paths.videos(project)} aria-label="Back to the videos" title="Back to the videos">
        <span className="flip">
          <Icon name="right" />
        </span>
      </Link>
      <h1 className="clip-text">{video.title}</h1>
      {video.synthetic && <span className="badge">synthetic</span>}
      <span className="facts">
        {pictureFacts(video)} {video.codec}
      </span>
      <span className="push" />
      {draft !== null && (
        <button type="button" className="button small draft-chip" title="It stays in this browser until you keep or reset it" onClick={onDraft}>
          Draft<span className="draft-rest">: {draft}</span>
        </button>
      )}
      {runs.length > 0 && (
        <label className="row">
          <span className="small muted">Run</span>
          <select className="select" value={run ?? ""} onChange={(event) => onRun(Number(event.target.value))}>
            {run !== null && !runs.some((candidate) => candidate.id === run) && <option value={run}>{runNumber ?? run}</option>}
            {runs.map((candidate) => (
              <option key={candidate.id} value={candidate.id}>
                {candidate.number}
              </option>
            ))}
          </select>
        </label>
      )}
      {children}
    </div>
  );
}
