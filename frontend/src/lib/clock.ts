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

const NEAR_S = 0.25;

/**
 * Follow a video: its presented frames where the browser tells them (`requestVideoFrameCallback`), else its
 * `timeupdate` and `seeked` events. Returns the undoing.
 */
export function driveByVideo(clock: PlaybackClock, video: HTMLVideoElement): () => void {
  const undrive = clock.drive((timeS) => {
    video.currentTime = Number.isFinite(video.duration) ? Math.min(timeS, video.duration) : timeS;
  });
  if (typeof video.requestVideoFrameCallback === "function") {
    let handle = 0;
    const onFrame: VideoFrameRequestCallback = (_now, frame) => {
      // While a seek is under way, frames from where we were still arrive; the one asked for may come before `seeked`.
      if (!video.seeking || Math.abs(frame.mediaTime - video.currentTime) < NEAR_S) clock.report(frame.mediaTime);
      handle = video.requestVideoFrameCallback(onFrame);
    };
    handle = video.requestVideoFrameCallback(onFrame);
    return () => {
      video.cancelVideoFrameCallback(handle);
      undrive();
    };
  }
  const onTime = () => clock.report(video.currentTime);
  video.addEventListener("timeupdate", onTime);
  video.addEventListener("seeked", onTime);
  return () => {
    video.removeEventListener("timeupdate", onTime);
    video.removeEventListener("seeked", onTime);
    undrive();
  };
}

/** The time half-way through the frame `steps` away: a seek there lands on that frame whichever way it rounds. */
export function frameStep(timeS: number, fps: number, steps: number): number {
  const frame = Math.floor(timeS * fps + 1e-3);
  return Math.max(0, (frame + steps + 0.5) / fps);
}
