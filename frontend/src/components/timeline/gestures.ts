import type { TimeAxis } from "../../lib/timeAxis";

export interface TimeGestures {
  /** A press without a drag: the moment, and the lane it was on (`data-lane`), if any. */
  onPress: (timeS: number, lane: string | null) => void;
  onHover?: (timeS: number | null) => void;
}

const DRAG_PX = 4;

/**
 * Wheel zooms at the pointer, a drag pans, a press asks for the moment under it. `gutter` pixels on the left belong to
 * names and axis values, not to time. Two fingers pinch. Returns the undoing.
 */
export function attachTimeGestures(element: HTMLElement, axis: TimeAxis, gutter: () => number, gestures: TimeGestures): () => void {
  const pointers = new Map<number, number>();
  let start: { x: number; y: number; lane: string | null } | null = null;
  let dragging = false;

  const place = (clientX: number) => {
    const box = element.getBoundingClientRect();
    const width = Math.max(1, box.width - gutter());
    return { x: clientX - box.left - gutter(), width };
  };
  const timeAt = (clientX: number) => {
    const { x, width } = place(clientX);
    return axis.toTime(x, width);
  };

  const onWheel = (event: WheelEvent) => {
    const { x, width } = place(event.clientX);
    if (x < 0) return;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey) axis.panBy(((sideways * unit) / width) * axis.span);
    else axis.zoomAt(axis.toTime(x, width), Math.exp(-event.deltaY * unit * 0.002));
  };

  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || place(event.clientX).x < 0) return;
    if ((event.target as Element).closest("button, a, input, select")) return;
    pointers.set(event.pointerId, event.clientX);
    const lane = (event.target as Element).closest<HTMLElement>("[data-lane]")?.dataset.lane ?? null;
    if (pointers.size === 1) {
      start = { x: event.clientX, y: event.clientY, lane };
      dragging = false;
    }
  };

  const onMove = (event: PointerEvent) => {
    gestures.onHover?.(place(event.clientX).x >= 0 ? timeAt(event.clientX) : null);
    const before = pointers.get(event.pointerId);
    if (before === undefined || start === null) return;
    const { width } = place(event.clientX);
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
      }
      axis.panBy(((before - event.clientX) / width) * axis.span);
    }
    pointers.set(event.pointerId, event.clientX);
  };

  const onUp = (event: PointerEvent) => {
    if (!pointers.delete(event.pointerId) || start === null) return;
    if (pointers.size > 0) return;
    const pressed = !dragging && Math.abs(event.clientY - start.y) < DRAG_PX * 2;
    const { lane } = start;
    start = null;
    dragging = false;
    if (pressed && event.type === "pointerup") gestures.onPress(timeAt(event.clientX), lane);
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
