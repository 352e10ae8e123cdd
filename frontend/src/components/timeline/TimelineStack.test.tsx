import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { PlaybackClock } from "../../lib/clock";
import { TimeAxis } from "../../lib/timeAxis";
import type { Grip, Place } from "./gestures";
import { columnBounds, sampleAt } from "./SignalPlot";
import { TimelineStack } from "./TimelineStack";

// jsdom lays nothing out: the stack is 872 px wide from x = 100, of which 72 are the gutter.
const LEFT = 100;
const GUTTER = 72;
const WIDTH = 800;

function setUp(grip?: (place: Place) => Grip | null) {
  const axis = new TimeAxis(100);
  const clock = new PlaybackClock();
  const onPress = vi.fn();
  const { container } = render(
    <div style={{ "--gutter": `${GUTTER}px` } as React.CSSProperties}>
      <TimelineStack axis={axis} clock={clock} onPress={onPress} grip={grip}>
        <div data-lane="energy">energy</div>
        <div data-lane="run">run</div>
      </TimelineStack>
    </div>,
  );
  const stack = container.querySelector<HTMLElement>(".timeline-stack")!;
  stack.style.setProperty("--gutter", `${GUTTER}px`);
  stack.getBoundingClientRect = () => new DOMRect(LEFT, 0, GUTTER + WIDTH, 300);
  return { axis, onPress, stack };
}

const at = (share: number) => LEFT + GUTTER + share * WIDTH;

function press(element: Element, clientX: number) {
  fireEvent.pointerDown(element, { pointerId: 1, button: 0, clientX, clientY: 10 });
  fireEvent.pointerUp(element, { pointerId: 1, button: 0, clientX, clientY: 10 });
}

test("a press on the plot asks for the moment under it", () => {
  const { onPress } = setUp();
  press(screen.getByText("energy"), at(0.25));
  expect(onPress).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ timeS: 25, lane: "energy" }));
});

test("a press on a lane says which lane, in the zoomed scale", () => {
  const { axis, onPress } = setUp();
  axis.zoomAt(0, 4); // 0..25 s
  press(screen.getByText("run"), at(0.5));
  expect(onPress).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ timeS: 12.5, lane: "run" }));
});

test("a press on the names asks for nothing", () => {
  const { onPress } = setUp();
  press(screen.getByText("run"), LEFT + 10);
  expect(onPress).not.toHaveBeenCalled();
});

test("a drag pans and asks for nothing", () => {
  const { axis, onPress, stack } = setUp();
  axis.zoomAt(0, 2); // 0..50 s
  fireEvent.pointerDown(stack, { pointerId: 1, button: 0, clientX: at(0.5), clientY: 10 });
  fireEvent.pointerMove(stack, { pointerId: 1, clientX: at(0.3), clientY: 10 });
  fireEvent.pointerUp(stack, { pointerId: 1, button: 0, clientX: at(0.3), clientY: 10 });
  expect(axis.range.startS).toBeCloseTo(10); // a fifth of the 50 s in view
  expect(onPress).not.toHaveBeenCalled();
});

test("a drag from what can be taken hold of moves that, and lets go of it", () => {
  const grip: Grip = { move: vi.fn(), release: vi.fn(), cancel: vi.fn() };
  const { axis, onPress } = setUp(({ lane }) => (lane === "run" ? grip : null));
  const lane = screen.getByText("run");
  fireEvent.pointerDown(lane, { pointerId: 1, button: 0, clientX: at(0.2), clientY: 10 });
  fireEvent.pointerMove(lane, { pointerId: 1, clientX: at(0.5), clientY: 10 });
  fireEvent.pointerUp(lane, { pointerId: 1, button: 0, clientX: at(0.5), clientY: 10 });
  expect(grip.move).toHaveBeenLastCalledWith(50);
  expect(grip.release).toHaveBeenCalledOnce();
  expect(grip.cancel).not.toHaveBeenCalled();
  expect(onPress).not.toHaveBeenCalled();
  expect(axis.span).toBe(100);
});

test("a second finger makes it a pinch: what was held goes back", () => {
  const grip: Grip = { move: vi.fn(), release: vi.fn(), cancel: vi.fn() };
  const { stack } = setUp(() => grip);
  fireEvent.pointerDown(stack, { pointerId: 1, button: 0, clientX: at(0.2), clientY: 10 });
  fireEvent.pointerMove(stack, { pointerId: 1, clientX: at(0.3), clientY: 10 });
  fireEvent.pointerDown(stack, { pointerId: 2, button: 0, clientX: at(0.6), clientY: 10 });
  expect(grip.cancel).toHaveBeenCalledOnce();
});

test("the wheel zooms about the pointer", () => {
  const { axis, stack } = setUp();
  fireEvent.wheel(stack, { clientX: at(0.75), deltaY: -200 });
  expect(axis.span).toBeLessThan(100);
  expect(axis.toX(75, WIDTH)).toBeCloseTo(600);
});

test("the energy read out is that of the last step at or before the moment", () => {
  const times = [0.8, 0.9, 1.0];
  expect(sampleAt(times, 0.5)).toBe(-1);
  expect(sampleAt(times, 0.8)).toBe(0);
  expect(sampleAt(times, 0.95)).toBe(1);
  expect(sampleAt(times, 9)).toBe(2);
});

test("each pixel knows the values under it, wherever they lie in time", () => {
  const times = Float64Array.from([0.5, 1.5, 1.6, 1.7, 3.5]); // a pause after 1.7
  expect([...columnBounds(times, 0, 4, 4, new Int32Array(0))]).toEqual([0, 1, 4, 4, 5]);
});
