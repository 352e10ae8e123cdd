import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { driveByVideo, frameStep, type PlaybackClock } from "../../lib/clock";

export const RATES = [0.1, 0.25, 0.5, 1, 1.5, 2, 4, 8] as const;

export interface Player {
  /** Give this to the `<video>`. */
  attach: (element: HTMLVideoElement | null) => void;
  /** That `<video>`, once it is there. */
  element: HTMLVideoElement | null;
  playing: boolean;
  /** Negative while shuttling backwards. */
  rate: number;
  toggle: () => void;
  pause: () => void;
  step: (frames: number) => void;
  seekBy: (seconds: number) => void;
  setRate: (rate: number) => void;
  /** The next slower (-1) or faster (1) of `RATES`. */
  changeRate: (direction: -1 | 1) => void;
  /** J and L: each press in the same direction doubles the pace. */
  shuttle: (direction: -1 | 1) => void;
}

interface PlayerOptions {
  clock: PlaybackClock;
  /** Of the file that plays: constant. */
  fps: number;
  /** Played again and again while set. */
  loop: { start_s: number; end_s: number } | null;
}

/** A `<video>` under a transport's hands. The clock gets its time from the frames shown, never from a timer. */
export function usePlayer({ clock, fps, loop }: PlayerOptions): Player {
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [playing, setPlaying] = useState(false);
  const [rate, setRateState] = useState(1);
  const reverse = useRef(0);

  useEffect(() => {
    if (!video) return;
    const undrive = driveByVideo(clock, video, fps);
    const onPlay = () => setPlaying(true);
    const onPause = () => setPlaying(reverse.current !== 0);
    const onRate = () => {
      if (reverse.current === 0) setRateState(video.playbackRate);
    };
    video.addEventListener("play", onPlay);
    video.addEventListener("pause", onPause);
    video.addEventListener("ratechange", onRate);
    return () => {
      undrive();
      video.removeEventListener("play", onPlay);
      video.removeEventListener("pause", onPause);
      video.removeEventListener("ratechange", onRate);
    };
  }, [video, clock, fps]);

  const stopReverse = useCallback(() => {
    cancelAnimationFrame(reverse.current);
    reverse.current = 0;
  }, []);
  useEffect(() => stopReverse, [video, stopReverse]);

  useEffect(() => {
    if (!loop || !playing) return;
    // Half a frame early: the frame that begins at end_s is no longer the primitive's.
    const last = loop.end_s - 0.5 / fps;
    return clock.subscribe((timeS) => {
      if (timeS >= last || timeS < loop.start_s - 0.5 / fps) clock.set(loop.start_s + 0.5 / fps);
    });
  }, [loop, playing, clock, fps]);

  return useMemo<Player>(() => {
    const pause = () => {
      stopReverse();
      if (video && !video.paused) {
        video.pause();
        clock.set(clock.time); // the frame on screen: the element's own time may already be the next one's
      }
      setPlaying(false);
      setRateState(video?.playbackRate ?? 1);
    };
    const play = () => {
      if (!video) return;
      stopReverse();
      if (video.ended) clock.set(0);
      // Refused (no gesture yet, or a broken file): the transport keeps saying "paused", which is true.
      void video.play().catch(() => setPlaying(false));
    };
    const setRate = (next: number) => {
      if (!video) return;
      stopReverse();
      setPlaybackRate(video, next);
      setRateState(next);
    };
    // No browser plays backwards: step back by what the pace asks, never asking for a frame before the last has come.
    const playBackwards = (pace: number) => {
      if (!video) return;
      stopReverse();
      video.pause();
      let before = performance.now();
      const back = (now: number) => {
        if (!video.seeking) {
          const target = clock.time - ((now - before) / 1000) * pace;
          before = now;
          clock.set(target);
          if (target <= 0) {
            pause();
            return;
          }
        }
        reverse.current = requestAnimationFrame(back);
      };
      reverse.current = requestAnimationFrame(back);
      setPlaying(true);
      setRateState(-pace);
    };
    return {
      attach: setVideo,
      element: video,
      playing,
      rate,
      pause,
      toggle: () => (playing ? pause() : play()),
      step: (frames) => {
        pause();
        clock.set(frameStep(clock.time, fps, frames));
      },
      seekBy: (seconds) => clock.set(clock.time + seconds),
      setRate,
      changeRate: (direction) => {
        const now = Math.max(RATES[0], Math.abs(rate));
        const next = direction === 1 ? RATES.find((one) => one > now + 1e-6) : [...RATES].reverse().find((one) => one < now - 1e-6);
        if (next !== undefined) setRate(next);
      },
      shuttle: (direction) => {
        const going = playing ? rate : 0;
        const pace = Math.sign(going) === direction ? Math.min(8, Math.max(1, Math.abs(going)) * 2) : 1;
        if (direction === -1) playBackwards(pace);
        else {
          setRate(pace);
          play();
        }
      },
    };
  }, [video, clock, fps, playing, rate, stopReverse]);
}

function setPlaybackRate(video: HTMLVideoElement, rate: number): void {
  video.playbackRate = rate;
}
