import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { Video } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Progress } from "../../components/Progress";
import { formatBytes } from "../../lib/size";
import { formatLength } from "../../lib/time";
import { plural } from "../../lib/words";
import { isBusy, pictureFacts, STATUS_WORDS } from "./facts";
import { Licence } from "./Licence";
import { useRetryVideo } from "./mutations";
import { RemoveVideo } from "./RemoveVideo";
import { ScrubPoster } from "./ScrubPoster";

interface VideoRowProps {
  video: Video;
  mayRemove: boolean;
  /** What a run is doing with it right now, if anything. */
  activity?: ReactNode;
}

export function VideoRow({ video, mayRemove, activity }: VideoRowProps) {
  const [removing, setRemoving] = useState(false);
  const picture = pictureFacts(video);
  const open = video.browser_url !== null;
  return (
    <li className="video-row">
      <ScrubPoster poster={video.poster_url} sprite={video.sprite} durationS={video.duration_s} />
      <div className="about">
        <h3 className="row">
          {open ? (
            <Link className="clip-text" to={`/projects/${video.project}/videos/${video.id}`}>
              {video.title}
            </Link>
          ) : (
            <span className="clip-text">{video.title}</span>
          )}
          {video.synthetic && <span className="badge">synthetic</span>}
        </h3>
        <p className="facts">
          {video.duration_s !== null && <span className="figure">{formatLength(video.duration_s)}</span>}
          {picture && <span>{picture}</span>}
          {video.codec && <span>{video.codec}</span>}
          <span>{formatBytes(video.size_bytes)}</span>
          {video.view && <span>view {video.view}</span>}
          <Licence video={video} mayChange={mayRemove} />
        </p>
        {video.warnings.map((warning) => (
          <p key={warning} className="small muted">
            {warning}
          </p>
        ))}
      </div>
      <div className="state-cell">
        {video.status === "failed" ? (
          <div className="reason">
            <p className="bad">
              <Icon name="warning" /> <span>{video.reason || "cannot be used"}</span>
            </p>
            {mayRemove && <RetryVideo video={video} />}
          </div>
        ) : isBusy(video) ? (
          <div className="doing">
            <span className="small muted">{STATUS_WORDS[video.status]}</span>
            <Progress value={video.progress} label={`${STATUS_WORDS[video.status]}: ${video.title}`} />
          </div>
        ) : (
          (activity ??
          (video.run_reason ? (
            <div className="reason">
              <p className="bad">
                <Icon name="warning" /> <span>{video.run_reason}</span>
              </p>
            </div>
          ) : (
            <p className="small muted">
              {video.n_segments !== null ? plural(video.n_segments, "primitive") : "not in a run yet"}
            </p>
          )))
        )}
      </div>
      {mayRemove && (
        <button
          type="button"
          className="icon-button remove"
          aria-label={`Remove ${video.title}`}
          title="Remove"
          onClick={() => setRemoving(true)}
        >
          <Icon name="trash" />
        </button>
      )}
      {removing && <RemoveVideo video={video} onClose={() => setRemoving(false)} />}
    </li>
  );
}

function RetryVideo({ video }: { video: Video }) {
  const retry = useRetryVideo(video.project);
  return (
    <p className="small muted">
      <button
        type="button"
        className="link-button"
        disabled={retry.isPending}
        aria-label={`Check ${video.title} again`}
        onClick={() => retry.mutate(video.id)}
      >
        {retry.isPending ? "Checking…" : "Check again"}
      </button>
      {retry.error && (
        <span role="alert" className="bad">
          {" "}
          {retry.error.message}
        </span>
      )}
    </p>
  );
}
