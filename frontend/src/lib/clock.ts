/**
 * The one playback clock: the video reports the time of the frame it shows, plots and lanes draw from it without
 * re-rendering React. `set` asks for a time; the driver (the player) takes it there and reports back.
 */
export type ClockListener = (timeS: number) => void;

export class PlaybackClock {
  #time: number;
  #seek: ((timeS: number) => void) | null = null;
  readonly #listeners = new Set<ClockListener>();

  constructor(timeS = 0) {
    this.#time = timeS;
  }

  get time(): number {
    return this.#time;
  }

  /** Called by the driver for every frame it shows. */
  readonly report = (timeS: number): void => {
    if (timeS === this.#time) return;
    this.#time = timeS;
    for (const listener of this.#listeners) listener(timeS);
  };

  /** Called by whoever wants to be elsewhere: a click on a plot, a key, a link. Never before the start. */
  readonly set = (timeS: number): void => {
    const wanted = Math.max(0, timeS);
    this.#seek?.(wanted);
    this.report(wanted);
  };

  /** The player takes over; a time asked for before it was there is passed on at once. */
  drive(seek: (timeS: number) => void): () => void {
    this.#seek = seek;
    if (this.#time > 0) seek(this.#time);
    return () => {
      if (this.#seek === seek) this.#seek = null;
    };
  }

  readonly subscribe = (listener: ClockListener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** Times are shown and kept in addresses to the millisecond: what was rounded down to just before a frame means it. */
const ROUNDED_S = 0.0006;
const EDGE_S = 0.001;

/** Frame n of a video at a constant rate is on screen from n / fps to (n + 1) / fps. */
export function frameAt(timeS: number, fps: number): number {
  return Math.max(0, Math.floor((timeS + ROUNDED_S) * fps));
}

/** Half-way through frame n: a seek there lands on that frame whichever way it rounds. */
export function middleOf(frame: number, fps: number): number {
  return (Math.max(0, frame) + 0.5) / fps;
}

/** A time within the frame `steps` away. */
export function frameStep(timeS: number, fps: number, steps: number): number {
  return middleOf(frameAt(timeS, fps) + steps, fps);
}

/** The seek that shows what is to be seen at `timeS`: within the video, and never on the edge between two frames. */
export function seekTarget(timeS: number, fps: number, durationS: number): number {
  const last = Number.isFinite(durationS) ? Math.max(0, Math.ceil(durationS * fps - 0.1) - 1) : Infinity;
  return middleOf(Math.min(frameAt(timeS, fps), last), fps);
}

/**
 * Follow a video of constant rate: its presented frames where the browser tells them (`requestVideoFrameCallback`),
 * else its `timeupdate` and `seeked` events. Returns the undoing.
 *
 * From a seek on, until the frame asked for is on screen, frames from where we were still arrive. They are told apart:
 * they do not contain the time asked for, and were presented before the seek was done. Without that, two quick steps
 * would count from the same frame.
 */
export function driveByVideo(clock: PlaybackClock, video: HTMLVideoElement, fps: number): () => void {
  let target: number | null = null;
  let seekedAt = Infinity;
  const undrive = clock.drive((timeS) => {
    target = seekTarget(timeS, fps, video.duration);
    seekedAt = Infinity;
    video.currentTime = target;
  });
  const onSeeked = () => {
    if (!video.seeking) seekedAt = performance.now();
  };
  video.addEventListener("seeked", onSeeked);

  if (typeof video.requestVideoFrameCallback === "function") {
    let handle = 0;
    const onFrame: VideoFrameRequestCallback = (_now, frame) => {
      const { mediaTime, presentationTime } = frame;
      const asked = target === null || (mediaTime - EDGE_S <= target && target < mediaTime + 1 / fps + EDGE_S);
      if (asked || presentationTime > seekedAt) {
        target = null;
        clock.report(mediaTime);
      }
      handle = video.requestVideoFrameCallback(onFrame);
    };
    handle = video.requestVideoFrameCallback(onFrame);
    return () => {
      video.cancelVideoFrameCallback(handle);
      video.removeEventListener("seeked", onSeeked);
      undrive();
    };
  }
  const onTime = () => {
    if (!video.seeking) clock.report(video.currentTime);
  };
  video.addEventListener("timeupdate", onTime);
  video.addEventListener("seeked", onTime);
  return () => {
    video.removeEventListener("timeupdate", onTime);
    video.removeEventListener("seeked", onTime);
    video.removeEventListener("seeked", onSeeked);
    undrive();
  };
}
