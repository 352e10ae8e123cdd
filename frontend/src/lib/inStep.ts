import { middleOf, frameAt, seekTarget, type PlaybackClock } from "./clock";

/** Beyond this a follower is sent to where it belongs; below, it only plays a little faster or slower. */
const JUMP_S = 0.4;
const STILL_S = 0.003;
const MOST_TRIM = 0.35;
const TRIM_PER_S = 6;
const LEARN = 0.06; // of what is left to learn, each frame of the screen

/** How fast a follower plays that is `aheadS` ahead of where it should be, beside a leader at `rate`. */
export function trimmedRate(rate: number, aheadS: number): number {
  if (Math.abs(aheadS) < STILL_S * Math.max(1, rate)) return rate;
  const trim = Math.max(-MOST_TRIM, Math.min(MOST_TRIM, -aheadS * TRIM_PER_S));
  return Math.max(0.0625, rate * (1 + trim));
}

/** A frame and when it is on the screen. */
interface Shown {
  mediaTime: number;
  atMs: number;
}

const STALE_MS = 100;

/**
 * Where a video has come to at `nowMs`, by its last frame; null where that one is old. A frame is announced up to two
 * refreshes before it is on the screen, to one video earlier than to another: as they come, they cannot be compared.
 */
export function seenAt(shown: Shown | null, rate: number, nowMs: number): number | null {
  if (shown === null || Math.abs(nowMs - shown.atMs) > STALE_MS) return null;
  return shown.mediaTime + (rate * (nowMs - shown.atMs)) / 1000;
}

export type Presence = "there" | "before" | "after";

interface FollowerOptions {
  clock: PlaybackClock;
  leader: HTMLVideoElement;
  follower: HTMLVideoElement;
  /** Of the follower's file. */
  fps: number;
  /** Second t of the leader is second t + deltaS of the follower. Read anew each time. */
  deltaS: () => number;
  /** Whether the follower has anything to show then. */
  onPresence: (presence: Presence) => void;
}

/**
 * Make one video follow another: the same moment while playing, by trimming its pace, and exactly the same moment when
 * the leader stands still. Returns the undoing.
 */
export function keepInStep({ clock, leader, follower, fps, deltaS, onPresence }: FollowerOptions): () => void {
  let frame = 0;
  let sent = NaN;
  // Since it was paused nothing was sought: its `currentTime` may still fall back by a frame, and is not to be believed.
  let coasting = false;
  // What `currentTime` says is not what is on screen: each video's way there has a delay of its own. It is learnt from
  // the media times of the frames presented, which alone are too coarse to steer by.
  let bias = 0;
  const shown = [leader, follower].map((): Shown | null => null) as [Shown | null, Shown | null];
  const handles = [leader, follower].map((video, i) => {
    const handle = { id: 0 };
    const onFrame: VideoFrameRequestCallback = (_now, { mediaTime, expectedDisplayTime }) => {
      shown[i] = { mediaTime, atMs: expectedDisplayTime };
      handle.id = video.requestVideoFrameCallback(onFrame);
    };
    if (typeof video.requestVideoFrameCallback === "function") handle.id = video.requestVideoFrameCallback(onFrame);
    return handle;
  });

  const goTo = (timeS: number) => {
    if (follower.readyState < 1) return;
    const target = seekTarget(Math.max(0, timeS), fps, follower.duration);
    if (follower.seeking) {
      if (sent === target || !leader.paused) return;
    } else if (!coasting && frameAt(follower.currentTime, fps) === frameAt(target, fps)) return;
    coasting = false;
    sent = target;
    follower.currentTime = target;
  };

  const pause = () => {
    if (follower.paused) return;
    follower.pause();
    coasting = true;
  };

  const presenceAt = (timeS: number): Presence => {
    if (timeS < -0.5 / fps) return "before";
    return Number.isFinite(follower.duration) && timeS >= follower.duration - 1e-3 ? "after" : "there";
  };

  const stand = () => {
    pause();
    const timeS = clock.time + deltaS();
    onPresence(presenceAt(timeS));
    goTo(timeS);
  };

  const follow = (nowMs: number) => {
    frame = requestAnimationFrame(follow);
    if (leader.seeking || leader.readyState < 3) {
      pause();
      return;
    }
    const timeS = leader.currentTime + deltaS();
    const presence = presenceAt(timeS);
    onPresence(presence);
    if (presence !== "there") {
      pause();
      goTo(timeS);
      return;
    }
    if (follower.seeking || follower.readyState < 1) return;
    const saidAheadS = follower.currentTime - timeS;
    const [leaderS, followerS] = [seenAt(shown[0], leader.playbackRate, nowMs), seenAt(shown[1], follower.playbackRate, nowMs)];
    if (!follower.paused && leaderS !== null && followerS !== null) {
      const seenAheadS = followerS - leaderS - deltaS();
      if (Math.abs(seenAheadS - saidAheadS) < 0.2) bias += LEARN * (seenAheadS - saidAheadS - bias);
    }
    const aheadS = saidAheadS + bias;
    if (Math.abs(aheadS) > JUMP_S * Math.max(1, leader.playbackRate)) {
      // Where the leader will be once the seek is done, as far as one can tell.
      follower.currentTime = Math.min(middleOf(frameAt(timeS + 0.05 * leader.playbackRate, fps), fps), follower.duration);
      return;
    }
    const rate = trimmedRate(leader.playbackRate, aheadS);
    if (Math.abs(follower.playbackRate - rate) > 0.002) follower.playbackRate = rate;
    if (follower.paused) {
      coasting = false;
      void follower.play().catch(() => undefined);
    }
  };

  const onPlay = () => {
    cancelAnimationFrame(frame);
    // Begin where the leader begins, rather than catch up.
    goTo(leader.currentTime + deltaS());
    frame = requestAnimationFrame(follow);
  };
  const onPause = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    follower.playbackRate = leader.playbackRate;
    stand();
  };
  const onTime = () => {
    if (leader.paused) stand();
  };
  /** A seek asked for during another one: the last wish counts. */
  const onSettled = () => {
    if (leader.paused) stand();
  };

  leader.addEventListener("play", onPlay);
  leader.addEventListener("pause", onPause);
  leader.addEventListener("seeked", onTime);
  follower.addEventListener("loadedmetadata", onSettled);
  follower.addEventListener("seeked", onSettled);
  const unsubscribe = clock.subscribe(onTime);
  if (leader.paused) stand();
  else onPlay();
  return () => {
    cancelAnimationFrame(frame);
    [leader, follower].forEach((video, i) => {
      if (handles[i]!.id) video.cancelVideoFrameCallback(handles[i]!.id);
    });
    unsubscribe();
    leader.removeEventListener("play", onPlay);
    leader.removeEventListener("pause", onPause);
    leader.removeEventListener("seeked", onTime);
    follower.removeEventListener("loadedmetadata", onSettled);
    follower.removeEventListener("seeked", onSettled);
  };
}
