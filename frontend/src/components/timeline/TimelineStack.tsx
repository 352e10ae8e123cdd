import { useEffect, useRef, type ReactNode } from "react";
import type { PlaybackClock } from "../../lib/clock";
import { formatTime } from "../../lib/time";
import type { TimeAxis } from "../../lib/timeAxis";
import { attachTimeGestures, gutterOf } from "./gestures";
import { Ruler } from "./Ruler";
import "./timeline.css";

interface TimelineStackProps {
  axis: TimeAxis;
  clock: PlaybackClock;
  /** A press on a moment; `lane` is the `data-lane` it fell on. */
  onPress: (timeS: number, lane: string | null) => void;
  children: ReactNode;
}

/** Lanes and plots over one time axis, under one playhead. The playhead moves without React. */
export function TimelineStack({ axis, clock, onPress, children }: TimelineStackProps) {
  const stack = useRef<HTMLDivElement>(null);
  const playhead = useRef<HTMLDivElement>(null);
  const hover = useRef<HTMLDivElement>(null);
  const press = useRef(onPress);
  useEffect(() => {
    press.current = onPress;
  }, [onPress]);

  useEffect(() => {
    const element = stack.current;
    if (!element) return;
    let hovered: number | null = null;
    let frame = 0;

    const place = () => {
      frame = 0;
      const width = element.clientWidth - gutterOf(element);
      put(playhead.current, axis.toX(clock.time, width), width);
      if (hovered === null) put(hover.current, -1, width);
      else {
        put(hover.current, axis.toX(hovered, width), width);
        if (hover.current) hover.current.dataset.time = formatTime(hovered);
      }
    };
    const soon = () => {
      if (!frame) frame = requestAnimationFrame(place);
    };

    const detach = attachTimeGestures(element, axis, () => gutterOf(element), {
      onPress: (timeS, lane) => press.current(timeS, lane),
      onHover: (timeS) => {
        hovered = timeS;
        soon();
      },
    });
    const unsubscribe = [clock.subscribe(soon), axis.subscribe(soon)];
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(soon);
    observer?.observe(element);
    soon();
    return () => {
      detach();
      unsubscribe.forEach((undo) => undo());
      observer?.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [axis, clock]);

  return (
    <div ref={stack} className="timeline-stack">
      <Ruler axis={axis} clock={clock} />
      {children}
      <div className="timeline-over" aria-hidden="true">
        <div ref={hover} className="hover-line" />
        <div ref={playhead} className="playhead" data-testid="playhead" />
      </div>
    </div>
  );
}

function put(line: HTMLElement | null, x: number, width: number): void {
  if (!line) return;
  const visible = x >= 0 && x <= width;
  line.style.visibility = visible ? "visible" : "hidden";
  if (visible) line.style.transform = `translateX(${x}px)`;
}
