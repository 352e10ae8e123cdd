import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { middleOf, PlaybackClock } from "./clock";
import { keepInStep, seenAt, trimmedRate } from "./inStep";

const FPS = 30;

/** As much of a `<video>` as is steered by; seeks are done at once, and counted. */
class Video extends EventTarget {
  paused = true;
  seeking = false;
  readyState = 4;
  duration = 20;
  playbackRate = 1;
  seeks = 0;
  at = 0;
  get currentTime() {
    return this.at;
  }
  set currentTime(timeS: number) {
    this.at = timeS;
    this.seeks += 1;
    this.dispatchEvent(new Event("seeked"));
  }
  play() {
    this.paused = false;
    this.dispatchEvent(new Event("play"));
    return Promise.resolve();
  }
  pause() {
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }
}

function pair() {
  const [leader, follower] = [new Video(), new Video()];
  const clock = new PlaybackClock();
  const undo = keepInStep({
    clock,
    leader: leader as unknown as HTMLVideoElement,
    follower: follower as unknown as HTMLVideoElement,
    fps: FPS,
    deltaS: () => 0,
    onPresence: () => undefined,
  });
  return { leader, follower, clock, undo };
}

describe("keepInStep", () => {
  let frames: FrameRequestCallback[] = [];
  const nextFrame = () => frames.splice(0).forEach((callback) => callback(0));

  beforeEach(() => {
    frames = [];
    vi.stubGlobal("requestAnimationFrame", (callback: FrameRequestCallback) => frames.push(callback));
    vi.stubGlobal("cancelAnimationFrame", () => (frames = []));
  });
  afterEach(() => vi.unstubAllGlobals());

  it("plays when the leader plays", () => {
    const { leader, follower, undo } = pair();
    void leader.play();
    nextFrame();
    expect(follower.paused).toBe(false);
    undo();
  });

  it.each([false, true])("stands on the leader's frame though its time falls back once it is paused (leader seeking first: %s)", (seeking) => {
    const { leader, follower, clock, undo } = pair();
    void leader.play();
    nextFrame();
    // Both say frame 121 as they are stopped; the follower then turns out to have come to 120.
    leader.at = follower.at = middleOf(121, FPS);
    clock.report(121 / FPS);
    if (seeking) {
      leader.seeking = true; // the player seeks as it pauses, and the event comes after the next frame
      nextFrame();
      leader.seeking = false;
      expect(follower.paused).toBe(true);
    }
    const before = follower.seeks;
    leader.pause();
    expect(follower.paused).toBe(true);
    expect(follower.seeks).toBe(before + 1);
    expect(follower.at).toBeCloseTo(middleOf(121, FPS), 6);
    // Sought once, it is believed.
    leader.dispatchEvent(new Event("seeked"));
    expect(follower.seeks).toBe(before + 1);
    undo();
  });
});

describe("seenAt", () => {
  it("compares videos at one moment, however early each frame was announced", () => {
    // One will show second 2 in 20 ms, the other shows second 1.99 for 13 ms already, at twice the pace.
    expect(seenAt({ mediaTime: 2, atMs: 1020 }, 1, 1000)).toBeCloseTo(1.98);
    expect(seenAt({ mediaTime: 1.99, atMs: 987 }, 2, 1000)).toBeCloseTo(2.016);
  });

  it("believes no old frame", () => {
    expect(seenAt({ mediaTime: 2, atMs: 1000 }, 1, 1101)).toBeNull();
    expect(seenAt(null, 1, 0)).toBeNull();
  });
});

describe("trimmedRate", () => {
  it("is slower ahead and faster behind, and the leader's own where they are together", () => {
    expect(trimmedRate(1, 0.001)).toBe(1);
    expect(trimmedRate(1, 0.02)).toBeLessThan(1);
    expect(trimmedRate(1, -0.02)).toBeGreaterThan(1);
    expect(trimmedRate(1, -5)).toBeCloseTo(1.35);
  });
});
