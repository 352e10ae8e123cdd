import type { TimeAxis } from "../../lib/timeAxis";

/** Something taken hold of: it follows the pointer until it is let go, or dropped where it was. */
export interface Grip {
  move: (timeS: number) => void;
  release: () => void;
  cancel: () => void;
}

/** Where on the timeline: the moment, the lane (`data-lane`) if any, and how far a finger's width is in time. */
export interface Place {
  timeS: number;
  lane: string | null;
  nearS: number;
}

export interface TimeGestures {
  /** A press without a drag. */
  onPress: (place: Place) => void;
  onHover?: (timeS: number | null) => void;
  /** What a drag that began here takes hold of; null: it pans. */
  grip?: (place: Place) => Grip | null;
  /** The pointer's shape over a place, where it is not the usual one. */
  cursor?: (place: Place) => string;
}

const DRAG_PX = 4;
const NEAR_PX = 5;
const NEAR_TOUCH_PX = 14;

/**
 * Wheel zooms at the pointer, a drag pans or moves what it took hold of, a press asks for the moment under it. `gutter`
 * pixels on the left belong to names and axis values, not to time. Two fingers pinch. Returns the undoing.
 */
export function attachTimeGestures(element: HTMLElement, axis: TimeAxis, gutter: () => number, gestures: TimeGestures): () => void {
  const pointers = new Map<number, number>();
  let start: { x: number; y: number; place: Place } | null = null;
  let dragging = false;
  let grip: Grip | null = null;

  const xOf = (clientX: number) => {
    const box = element.getBoundingClientRect();
    const width = Math.max(1, box.width - gutter());
    return { x: clientX - box.left - gutter(), width };
  };
  const timeAt = (clientX: number) => {
    const { x, width } = xOf(clientX);
    return axis.toTime(x, width);
  };
  const placeOf = (event: PointerEvent): Place => {
    const { width } = xOf(event.clientX);
    const px = event.pointerType === "touch" ? NEAR_TOUCH_PX : NEAR_PX;
    const lane = (event.target as Element).closest<HTMLElement>("[data-lane]")?.dataset.lane ?? null;
    return { timeS: timeAt(event.clientX), lane, nearS: (px / width) * axis.span };
  };

  const onWheel = (event: WheelEvent) => {
    const { x, width } = xOf(event.clientX);
    if (x < 0) return;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey) axis.panBy(((sideways * unit) / width) * axis.span);
    else axis.zoomAt(axis.toTime(x, width), Math.exp(-event.deltaY * unit * 0.002));
  };

  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || xOf(event.clientX).x < 0) return;
    if ((event.target as Element).closest("button, a, input, select, label, summary")) return;
    pointers.set(event.pointerId, event.clientX);
    if (pointers.size === 1) {
      start = { x: event.clientX, y: event.clientY, place: placeOf(event) };
      dragging = false;
    } else {
      grip?.cancel(); // a second finger: it is a pinch after all
      grip = null;
    }
  };

  const onMove = (event: PointerEvent) => {
    const inside = xOf(event.clientX).x >= 0;
    gestures.onHover?.(inside ? timeAt(event.clientX) : null);
    if (pointers.size === 0 && gestures.cursor) element.style.cursor = inside ? gestures.cursor(placeOf(event)) : "";
    const before = pointers.get(event.pointerId);
    if (before === undefined || start === null) return;
    const { width } = xOf(event.clientX);
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, x]) => x);
      if (other !== undefined) {
        const [was, now] = [Math.abs(before - other), Math.abs(event.clientX - other)];
        if (was > 8 && now > 8) axis.zoomAt(timeAt((event.clientX + other) / 2), now / was);
      }
      dragging = true;
    } else {
      if (!dragging && Math.abs(event.clientX - start.x) < DRAG_PX) return;
      if (!dragging) {
        dragging = true;
        element.setPointerCapture?.(event.pointerId);
        grip = gestures.grip?.(start.place) ?? null;
      }
      if (grip) grip.move(timeAt(event.clientX));
      else axis.panBy(((before - event.clientX) / width) * axis.span);
    }
    pointers.set(event.pointerId, event.clientX);
  };

  const onUp = (event: PointerEvent) => {
    if (!pointers.delete(event.pointerId) || start === null) return;
    if (pointers.size > 0) return;
    const pressed = !dragging && Math.abs(event.clientY - start.y) < DRAG_PX * 2;
    const { place } = start;
    const held = grip;
    start = null;
    dragging = false;
    grip = null;
    if (event.type !== "pointerup") held?.cancel();
    else if (held) held.release();
    else if (pressed) gestures.onPress({ ...place, timeS: timeAt(event.clientX) });
  };

  const onLeave = () => gestures.onHover?.(null);

  element.addEventListener("wheel", onWheel, { passive: false });
  element.addEventListener("pointerdown", onDown);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerup", onUp);
  element.addEventListener("pointercancel", onUp);
  element.addEventListener("pointerleave", onLeave);
  return () => {
    element.removeEventListener("wheel", onWheel);
    element.removeEventListener("pointerdown", onDown);
    element.removeEventListener("pointermove", onMove);
    element.removeEventListener("pointerup", onUp);
    element.removeEventListener("pointercancel", onUp);
    element.removeEventListener("pointerleave", onLeave);
  };
}

/** The width of the gutter, as the style sheet has it. */
export function gutterOf(element: Element): number {
  const value = Number.parseFloat(getComputedStyle(element).getPropertyValue("--gutter"));
  return Number.isFinite(value) ? value : 0;
}
