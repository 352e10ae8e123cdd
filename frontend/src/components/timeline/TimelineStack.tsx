import { useEffect, useRef, type ReactNode } from "react";
import type { PlaybackClock } from "../../lib/clock";
import { formatTime } from "../../lib/time";
import type { TimeAxis } from "../../lib/timeAxis";
import type { TimeSelection } from "../../lib/timeSelection";
import { attachTimeGestures, gutterOf, type Grip, type Place } from "./gestures";
import { Ruler } from "./Ruler";
import "./timeline.css";

interface TimelineStackProps {
  axis: TimeAxis;
  clock: PlaybackClock;
  /** Shown as a band over everything. */
  selection?: TimeSelection;
  /** A press on a place. */
  onPress: (place: Place) => void;
  /** What a drag from a place moves; null: it pans. */
  grip?: (place: Place) => Grip | null;
  cursor?: (place: Place) => string;
  children: ReactNode;
}

/** Lanes and plots over one time axis, under one playhead. Playhead, band and hover line move without React. */
export function TimelineStack({ axis, clock, selection, onPress, grip, cursor, children }: TimelineStackProps) {
  const stack = useRef<HTMLDivElement>(null);
  const playhead = useRef<HTMLDivElement>(null);
  const hover = useRef<HTMLDivElement>(null);
  const band = useRef<HTMLDivElement>(null);
  const hands = useRef({ onPress, grip, cursor });
  useEffect(() => {
    hands.current = { onPress, grip, cursor };
  }, [onPress, grip, cursor]);

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
        const x = axis.toX(hovered, width);
        put(hover.current, x, width);
        if (hover.current) {
          hover.current.dataset.time = `${formatTime(hovered)}  ${hovered.toFixed(3)} s`;
          hover.current.classList.toggle("left", x > width - 150);
        }
      }
      spread(band.current, selection?.get() ?? null, axis, width);
    };
    const soon = () => {
      if (!frame) frame = requestAnimationFrame(place);
    };

    const detach = attachTimeGestures(element, axis, () => gutterOf(element), {
      onPress: (where) => hands.current.onPress(where),
      grip: (where) => hands.current.grip?.(where) ?? null,
      cursor: (where) => hands.current.cursor?.(where) ?? "",
      onHover: (timeS) => {
        hovered = timeS;
        soon();
      },
    });
    const unsubscribe = [clock.subscribe(soon), axis.subscribe(soon)];
    if (selection) unsubscribe.push(selection.subscribe(soon));
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(soon);
    observer?.observe(element);
    soon();
    return () => {
      detach();
      unsubscribe.forEach((undo) => undo());
      observer?.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [axis, clock, selection]);

  return (
    <div ref={stack} className="timeline-stack">
      <Ruler axis={axis} clock={clock} />
      {children}
      <div className="timeline-over" aria-hidden="true">
        <div ref={band} className="time-band" data-testid="time-band" />
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

function spread(band: HTMLElement | null, range: { startS: number; endS: number } | null, axis: TimeAxis, width: number): void {
  if (!band) return;
  const from = range ? Math.max(-2, axis.toX(range.startS, width)) : 0;
  const to = range ? Math.min(width + 2, axis.toX(range.endS, width)) : 0;
  band.style.visibility = to > from ? "visible" : "hidden";
  if (to <= from) return;
  band.style.transform = `translateX(${from}px)`;
  band.style.width = `${to - from}px`;
}
