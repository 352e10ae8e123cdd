import { useEffect, useRef, useState } from "react";
import type { VideoDetail } from "../../api/types";
import { Picture } from "../../components/player/Picture";
import { keepInStep, type Presence } from "../../lib/inStep";
import type { PlaybackClock } from "../../lib/clock";
import { OffsetControl } from "./OffsetControl";
import "./recordings.css";

interface OtherViewProps {
  video: VideoDetail;
  leader: VideoDetail;
  /** The leader's `<video>`. */
  element: HTMLVideoElement | null;
  clock: PlaybackClock;
  run: number | null;
  mayManage: boolean;
  onToggle: () => void;
}

const AWAY: Record<Exclude<Presence, "there">, string> = {
  before: "This view had not begun yet.",
  after: "This view has ended.",
};

/** Another view of the same recording, in step with the leader. */
export function OtherView({ video, leader, element, clock, run, mayManage, onToggle }: OtherViewProps) {
  const [follower, setFollower] = useState<HTMLVideoElement | null>(null);
  const [presence, setPresence] = useState<Presence>("there");
  const [offsetS, setOffsetS] = useState<number | null>(null); // while it is being tried out
  const fps = video.proxy_fps ?? video.fps ?? 30;
  const name = video.view || video.title;

  const wanted = leader.offset_s - (offsetS ?? video.offset_s);
  const deltaS = useRef(wanted);
  const again = useRef<(() => void) | null>(null);
  useEffect(() => {
    deltaS.current = wanted;
    again.current?.();
  }, [wanted]);

  useEffect(() => {
    if (!element || !follower) return;
    const begin = () => keepInStep({ clock, leader: element, follower, fps, deltaS: () => deltaS.current, onPresence: setPresence });
    let undo = begin();
    again.current = () => {
      undo();
      undo = begin();
    };
    return () => {
      again.current = null;
      undo();
    };
  }, [element, follower, clock, fps]);

  return (
    <div className="other-view" role="group" aria-label={`View ${name}`}>
      {video.browser_url === null ? (
        <p className="other-view-words" role="status">
          {video.status === "failed" ? (video.reason ?? "This view cannot be used.") : "This view is not ready to play yet."}
        </p>
      ) : (
        <>
          <Picture source={video.browser_url} poster={video.poster_url} attach={setFollower} title={video.title} onToggle={onToggle} />
          {presence !== "there" && (
            <p className="other-view-words" role="status">
              {AWAY[presence]}
            </p>
          )}
        </>
      )}
      <OffsetControl
        video={video}
        leader={leader}
        run={run}
        fps={fps}
        mayManage={mayManage}
        tried={offsetS}
        onTry={setOffsetS}
        name={name}
      />
    </div>
  );
}
