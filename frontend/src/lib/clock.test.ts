import { expect, test, vi } from "vitest";
import { driveByVideo, frameAt, frameStep, PlaybackClock, seekTarget } from "./clock";

test("whoever listens hears each new time once", () => {
  const clock = new PlaybackClock();
  const heard: number[] = [];
  const undo = clock.subscribe((timeS) => heard.push(timeS));
  clock.report(1);
  clock.report(1);
  clock.report(2);
  undo();
  clock.report(3);
  expect(heard).toEqual([1, 2]);
});

test("a time asked for before the player is there reaches it when it comes", () => {
  const clock = new PlaybackClock(12.5);
  const seek = vi.fn();
  clock.drive(seek);
  expect(seek).toHaveBeenCalledWith(12.5);
});

test("asking for a time before the start asks for the start", () => {
  const clock = new PlaybackClock(5);
  const seek = vi.fn();
  clock.drive(seek);
  clock.set(-3);
  expect(seek).toHaveBeenLastCalledWith(0);
  expect(clock.time).toBe(0);
});

test("a player that has left is not asked any more", () => {
  const clock = new PlaybackClock();
  const seek = vi.fn();
  clock.drive(seek)();
  clock.set(4);
  expect(seek).not.toHaveBeenCalled();
});

/** A `<video>` under the test's hands. */
function stage() {
  let present: VideoFrameRequestCallback = () => undefined;
  const listeners: Record<string, () => void> = {};
  const video = {
    currentTime: 0,
    duration: 60,
    seeking: false,
    requestVideoFrameCallback: (callback: VideoFrameRequestCallback) => {
      present = callback;
      return 1;
    },
    cancelVideoFrameCallback: vi.fn(),
    addEventListener: (type: string, listener: () => void) => {
      listeners[type] = listener;
    },
    removeEventListener: vi.fn(),
  };
  return {
    video,
    element: video as unknown as HTMLVideoElement,
    frame: (mediaTime: number, presentationTime = performance.now()) =>
      present(0, { mediaTime, presentationTime } as VideoFrameCallbackMetadata),
    seeked: () => {
      video.seeking = false;
      listeners.seeked?.();
    },
  };
}

test("the clock shows the presented frame's media time, and nothing from before a seek", () => {
  const { video, element, frame, seeked } = stage();
  const clock = new PlaybackClock();
  driveByVideo(clock, element, 30);
  frame(0.5);
  expect(clock.time).toBe(0.5);

  clock.set(30);
  expect(video.currentTime).toBeCloseTo(30 + 0.5 / 30, 10); // the middle of the frame
  video.seeking = true;
  frame(0.533); // still on its way from where we were
  expect(clock.time).toBe(30);
  frame(30); // the one asked for, shown before the seek calls itself done
  expect(clock.time).toBe(30);

  clock.set(40);
  video.seeking = true;
  const early = performance.now() - 5;
  seeked();
  frame(30.033, early); // presented before the seek was done, told after
  expect(clock.time).toBe(40);
  frame(40.1, performance.now() + 5); // it could not be had exactly: what is on screen counts
  expect(clock.time).toBe(40.1);
});

test("two quick steps are two frames, though the first one's frame comes late", () => {
  const { video, element, frame } = stage();
  const clock = new PlaybackClock();
  driveByVideo(clock, element, 30);
  frame(10 / 30);
  clock.set(frameStep(clock.time, 30, 1));
  video.seeking = true;
  clock.set(frameStep(clock.time, 30, 1));
  frame(11 / 30); // of the first step
  expect(frameAt(clock.time, 30)).toBe(12);
  frame(12 / 30);
  expect(clock.time).toBe(12 / 30);
});

test("a seek beyond the end shows the last frame", () => {
  expect(seekTarget(99, 30, 2)).toBeCloseTo(59.5 / 30, 10);
  expect(seekTarget(2, 30, 2)).toBeCloseTo(59.5 / 30, 10);
  expect(seekTarget(99, 30, 1.9833)).toBeCloseTo(59.5 / 30, 10); // durations are rounded
  expect(seekTarget(1, 30, NaN)).toBeCloseTo(30.5 / 30, 10); // not known yet
});

// At 30 fps frame n is shown from n/30 on; the middle of frame n is (n + 0.5)/30.
test("a step lands in the middle of the neighbouring frame, from anywhere in this one", () => {
  expect(frameStep(10 / 30, 30, 1)).toBeCloseTo(11.5 / 30, 10);
  expect(frameStep(10.9 / 30, 30, 1)).toBeCloseTo(11.5 / 30, 10);
  expect(frameStep(10 / 30, 30, -1)).toBeCloseTo(9.5 / 30, 10);
});

test("every frame is the one that its rounded time means", () => {
  const wrong: number[][] = [];
  for (const fps of [10, 24000 / 1001, 25, 30000 / 1001, 30, 60])
    for (let n = 0; n < 2000; n++) {
      const shown = Math.round((n / fps) * 1e3) / 1e3; // and in the address
      const mediaTime = Math.floor((n / fps) * 1e6) / 1e6;
      for (const timeS of [n / fps, shown, mediaTime, (n + 0.5) / fps]) if (frameAt(timeS, fps) !== n) wrong.push([fps, n, timeS]);
    }
  expect(wrong).toEqual([]);
});

test("there is no frame before the first", () => {
  expect(frameStep(0, 30, -1)).toBe(0.5 / 30);
});
