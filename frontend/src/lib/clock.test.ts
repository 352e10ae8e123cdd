import { expect, test, vi } from "vitest";
import { driveByVideo, frameStep, PlaybackClock } from "./clock";

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

test("the clock shows the presented frame's media time, and nothing from before a seek", () => {
  let present: VideoFrameRequestCallback = () => undefined;
  const video = {
    currentTime: 0,
    duration: 60,
    seeking: false,
    requestVideoFrameCallback: (callback: VideoFrameRequestCallback) => {
      present = callback;
      return 1;
    },
    cancelVideoFrameCallback: vi.fn(),
  };
  const clock = new PlaybackClock();
  driveByVideo(clock, video as unknown as HTMLVideoElement);
  const frame = (mediaTime: number) => present(0, { mediaTime } as VideoFrameCallbackMetadata);

  frame(0.5);
  expect(clock.time).toBe(0.5);

  clock.set(30);
  expect(video.currentTime).toBe(30);
  video.seeking = true;
  frame(0.533); // still on its way from where we were
  expect(clock.time).toBe(30);
  frame(29.967); // the one asked for, shown before the seek calls itself done
  expect(clock.time).toBe(29.967);
});

// At 30 fps frame n is shown from n/30 on; the middle of frame n is (n + 0.5)/30.
test("a step lands in the middle of the neighbouring frame, from anywhere in this one", () => {
  expect(frameStep(10 / 30, 30, 1)).toBeCloseTo(11.5 / 30, 10);
  expect(frameStep(10.9 / 30, 30, 1)).toBeCloseTo(11.5 / 30, 10);
  expect(frameStep(10 / 30, 30, -1)).toBeCloseTo(9.5 / 30, 10);
});

test("a media time a hair under its frame counts as that frame", () => {
  // 1.1 s at 29.97 fps is how a demuxer rounds frame 33 (1.1011 s): 33 - 1e-4 frames.
  expect(frameStep((33 - 1e-4) / 29.97, 29.97, 1)).toBeCloseTo(34.5 / 29.97, 10);
});

test("there is no frame before the first", () => {
  expect(frameStep(0, 30, -1)).toBe(0);
});
