import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { canvasPalette } from "../../lib/palette";
import { loops } from "../../lib/playBudget";
import { useTheme } from "../../lib/theme";
import { Icon } from "../Icon";
import { Empty } from "../PanelState";
import { coloured } from "./colours";
import { makeRenderer, pointSize, type PointsRenderer } from "./gl";
import { Camera, drawingOrder, makeCloud, placeWithoutOverlap, shuffled, type PointCloud } from "./points";
import "./scatter.css";

export type Tool = "pan" | "lasso" | "rect";
/** What a new selection does to the one before: shift adds, alt takes away. */
export type How = "replace" | "add" | "remove";
/** Where one looks: the middle of the picture in the unit square, and how near. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

interface PointMapProps {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** How each point is coloured, as in `colours.ts`. */
  codes: Uint8Array;
  /** The others are faded; null: none is. */
  front: Uint32Array | null;
  /** Position of a point to ring, or -1. */
  marked: number;
  label: string;
  onPick: (point: number, how: How) => void;
  preview: (point: number) => ReactNode;
  tool?: Tool;
  /** A region was drawn, in the coordinates of `x` and `y`: of a rectangle two opposite corners. */
  onRegion?: (tool: "lasso" | "rect", corners: [x: number, y: number][], how: How) => void;
  /** A small picture of a point, shown when one is near enough. */
  picture?: (point: number) => string;
  /** Where to look first, and where one looks now. */
  start?: View | null;
  onView?: (view: View) => void;
  children?: ReactNode;
}

interface Hover {
  point: number;
  x: number;
  y: number;
  /** Of the drawing, so that the preview stays inside. */
  width: number;
  height: number;
}

const PICTURE = { width: 78, height: 46, most: 60, of: 320, fromZoom: 1.8 };
const NONE_NEAR: readonly number[] = [];
const SETTLED_MS = 160;
const HELD_MS = 600; // with the button down
/** Points drawn while something moves: what keeps up, learnt from how long the frames take. */
const FEWEST = 8_000;
const SLOW_MS = 28;
const QUICK_MS = 20;
const SLOWEST_MS = 400;
const PAN_PX = 48;

const howOf = (event: { shiftKey: boolean; altKey: boolean }): How => (event.altKey ? "remove" : event.shiftKey ? "add" : "replace");

/** Points under WebGL: drag pans or draws a region, the wheel and two fingers zoom, a press picks, keys do the same. */
export function PointMap(props: PointMapProps) {
  const { x, y, codes, front, label, tool = "pan", picture, preview, children } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const marker = useRef<HTMLDivElement>(null);
  const pictures = useRef<HTMLDivElement>(null);
  const drawn = useRef<SVGPathElement>(null);
  const renderer = useRef<PointsRenderer | null>(null);
  const camera = useRef(new Camera());
  const frame = useRef(0);
  const motion = useRef({ until: 0, last: 0, took: 0, held: false, budget: 24_000, timer: 0 });
  const [unsupported, setUnsupported] = useState(false);
  const [restored, setRestored] = useState(0); // counts contexts: a new one has forgotten what it was given
  const [hover, setHover] = useState<Hover | null>(null);
  const [lost, setLost] = useState(false); // nothing is where one looks
  const [placed, setPlaced] = useState<{ cloud: PointCloud | null; points: readonly number[] }>({ cloud: null, points: NONE_NEAR });
  const theme = useTheme();
  const cloud = useMemo(() => makeCloud(x, y), [x, y]);
  const all = useMemo(() => shuffled(cloud.count), [cloud.count]);
  const near = placed.cloud === cloud ? placed.points : NONE_NEAR;
  const state = useRef({ ...props, cloud, tool, near, faded: 0.15 });

  const redraw = useRef(() => {
    if (frame.current) return;
    frame.current = requestAnimationFrame((now) => {
      frame.current = 0;
      const element = canvas.current;
      if (!element) return;
      const { width, height } = element.getBoundingClientRect();
      if (width === 0 || height === 0) return;
      const ratio = window.devicePixelRatio || 1;
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (element.width !== w || element.height !== h) {
        element.width = w;
        element.height = h;
      }
      const { cloud: points, marked: chosen, faded } = state.current;
      const moving = motion.current;
      const moves = now < moving.until;
      if (moves) {
        const took = moving.last > 0 ? now - moving.last : 0;
        if (took > 0) moving.budget *= took > 3 * SLOW_MS ? 0.6 : took > SLOW_MS ? 0.85 : took < QUICK_MS ? 1.08 : 1;
        moving.budget = Math.min(400_000, Math.max(FEWEST, moving.budget));
        moving.last = now;
        if (took > 0) moving.took = Math.min(SLOWEST_MS, took);
      }
      renderer.current?.draw(camera.current, width, height, ratio, faded, moves ? moving.budget : Infinity);
      const place = (node: HTMLElement, point: number) => {
        const [px, py] = camera.current.toScreen(points.positions[2 * point]!, points.positions[2 * point + 1]!, width, height);
        node.style.transform = `translate(${px}px, ${py}px)`;
      };
      if (marker.current) {
        marker.current.hidden = chosen < 0;
        if (chosen >= 0) place(marker.current, chosen);
      }
      for (const node of pictures.current?.children ?? []) place(node as HTMLElement, Number((node as HTMLElement).dataset.point));
    });
  });

  /** The camera has moved: draw what keeps up, and all of it when it stands still. */
  const moved = useRef(() => {
    const now = performance.now();
    const moving = motion.current;
    loops.hold(true);
    if (now > moving.until) moving.last = 0; // what passed since the last motion says nothing
    const rests = moving.held ? HELD_MS : SETTLED_MS + 2 * moving.took; // slow frames are no rest
    moving.until = now + rests - 20;
    clearTimeout(moving.timer);
    moving.timer = window.setTimeout(() => settle.current(), rests);
    redraw.current();
  });

  const settle = useRef(() => {
    loops.hold(false);
    redraw.current();
    const { cloud: points, picture: pictureOf, onView, near: before } = state.current;
    const { x: cx, y: cy, zoom } = camera.current;
    onView?.({ x: cx, y: cy, zoom });
    const bounds = canvas.current?.getBoundingClientRect();
    if (!bounds || bounds.width === 0) return;
    const { width, height } = bounds;
    const [x0, y1] = camera.current.toData(0, 0, width, height);
    const [x1, y0] = camera.current.toData(width, height, width, height);
    setLost(points.count > 0 && points.grid.within(x0, y0, x1, y1, 0)?.length === 0);
    if (!pictureOf) return;
    let next: number[] = [];
    if (zoom >= PICTURE.fromZoom) {
      const at = (point: number) => camera.current.toScreen(points.positions[2 * point]!, points.positions[2 * point + 1]!, width, height);
      next = placeWithoutOverlap(points.grid.within(x0, y0, x1, y1, PICTURE.of) ?? [], new Set(before), at, PICTURE.width, PICTURE.height, PICTURE.most);
    }
    if (next.length !== before.length || next.some((point, i) => point !== before[i])) setPlaced({ cloud: points, points: next });
  });

  useEffect(() => {
    state.current = { ...props, cloud, tool, near, faded: theme === "dark" ? 0.2 : 0.16 };
    redraw.current();
  });

  // A looping clip above the canvas can leave a hole where it was: the canvas is painted again when it moves.
  useEffect(() => redraw.current(), [hover]);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const moving = motion.current;
    const start = () => {
      renderer.current = makeRenderer(element);
      setUnsupported(renderer.current === null);
    };
    const onLost = (event: Event) => event.preventDefault();
    const onRestored = () => {
      start();
      setRestored((n) => n + 1);
    };
    start();
    element.addEventListener("webglcontextlost", onLost);
    element.addEventListener("webglcontextrestored", onRestored);
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => moved.current());
    observer?.observe(element);
    return () => {
      element.removeEventListener("webglcontextlost", onLost);
      element.removeEventListener("webglcontextrestored", onRestored);
      observer?.disconnect();
      clearTimeout(moving.timer);
      loops.hold(false);
      cancelAnimationFrame(frame.current);
      frame.current = 0;
      renderer.current?.dispose();
      renderer.current = null;
    };
  }, []);

  useEffect(() => {
    renderer.current?.setCloud(cloud);
    redraw.current();
  }, [cloud, restored]);

  const looked = useRef(false);
  useEffect(() => {
    const { start } = state.current;
    // A layout made anew is looked at as a whole; the first one as the address says.
    if (looked.current || !start) camera.current.fit();
    else Object.assign(camera.current, start);
    looked.current = true;
    clearTimeout(motion.current.timer);
    motion.current.timer = window.setTimeout(() => settle.current(), SETTLED_MS);
    redraw.current();
  }, [cloud]);

  useEffect(() => {
    renderer.current?.setColours(coloured(codes, canvasPalette(), theme));
    redraw.current();
  }, [codes, theme, restored, cloud]);

  useEffect(() => {
    const { order, behind } = drawingOrder(all, front);
    renderer.current?.setOrder(order, behind);
    moved.current(); // what is chosen shows at once, and then every point
  }, [all, cloud, front, restored]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const pointers = new Map<number, { x: number; y: number }>();
    let travelled = 0;
    let region: [x: number, y: number][] | null = null;
    const local = (event: PointerEvent | WheelEvent) => {
      const bounds = element.getBoundingClientRect();
      return { px: event.clientX - bounds.left, py: event.clientY - bounds.top, width: bounds.width, height: bounds.height };
    };
    const pick = (event: PointerEvent) => {
      const { px, py, width, height } = local(event);
      const { cloud: points } = state.current;
      const [dx, dy] = camera.current.toData(px, py, width, height);
      const reach = (pointSize(points.count, camera.current.zoom) / 2 + (event.pointerType === "touch" ? 14 : 5)) / camera.current.scale(width, height);
      return { point: points.grid.nearest(dx, dy, reach), x: px, y: py, width, height };
    };
    const show = () => {
      const rect = state.current.tool === "rect";
      const corners = region ? (rect ? boxOf(region) : region) : [];
      if (drawn.current?.ownerSVGElement) drawn.current.ownerSVGElement.style.display = corners.length < 2 ? "none" : ""; // a layer less
      drawn.current?.setAttribute("d", corners.length < 2 ? "" : `M${corners.map(([cx, cy]) => `${cx.toFixed(1)} ${cy.toFixed(1)}`).join("L")}Z`);
    };
    const onDown = (event: PointerEvent) => {
      if (event.button !== 0 || (event.target as Element).closest("button, a")) return;
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      travelled = 0;
      element.setPointerCapture?.(event.pointerId);
      const { px, py } = local(event);
      region = state.current.tool !== "pan" && state.current.onRegion && pointers.size === 1 ? [[px, py]] : null;
      show();
    };
    const onMove = (event: PointerEvent) => {
      motion.current.held = pointers.size > 0;
      const before = pointers.get(event.pointerId);
      if (!before) {
        const found = pick(event);
        setHover(found.point < 0 ? null : found);
        return;
      }
      const { px, py, width, height } = local(event);
      const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      travelled += Math.abs(dx) + Math.abs(dy);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      setHover(null);
      if (region) {
        const last = region[region.length - 1]!;
        if (state.current.tool === "rect") region = [region[0]!, [px, py]];
        else if (Math.hypot(px - last[0], py - last[1]) >= 2) region.push([px, py]);
        show();
        return;
      }
      if (other) {
        const was = Math.hypot(before.x - other.x, before.y - other.y);
        const now = Math.hypot(event.clientX - other.x, event.clientY - other.y);
        const bounds = element.getBoundingClientRect();
        if (was > 8) camera.current.zoomAt((event.clientX + other.x) / 2 - bounds.left, (event.clientY + other.y) / 2 - bounds.top, now / was, width, height);
      } else camera.current.panBy(dx, dy, width, height);
      moved.current();
    };
    const onUp = (event: PointerEvent) => {
      if (!pointers.delete(event.pointerId)) return;
      if (motion.current.held && region === null && travelled > 4) {
        motion.current.held = false;
        moved.current();
      }
      const shape = region;
      region = null;
      show();
      if (event.type !== "pointerup") return;
      const { width, height } = local(event);
      const { tool: drawing, cloud: points, onRegion, onPick } = state.current;
      if (travelled <= 4) {
        const { point } = pick(event);
        if (point >= 0) onPick(point, howOf(event));
      } else if (shape && drawing !== "pan" && shape.length >= (drawing === "rect" ? 2 : 3)) {
        const corners = shape.map(([cx, cy]) => points.toGiven(...camera.current.toData(cx, cy, width, height)));
        onRegion?.(drawing, corners, howOf(event));
      }
    };
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { px, py, width, height } = local(event);
      camera.current.zoomAt(px, py, Math.exp(-event.deltaY * (event.deltaMode === 1 ? 16 : 1) * 0.002), width, height);
      setHover(null);
      moved.current();
    };
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "Escape" || !region) return;
      event.stopPropagation(); // only the drawing is given up
      region = null;
      pointers.clear();
      show();
    };
    const onLeave = () => setHover(null);
    element.addEventListener("pointerdown", onDown);
    element.addEventListener("pointermove", onMove);
    element.addEventListener("pointerup", onUp);
    element.addEventListener("pointercancel", onUp);
    element.addEventListener("pointerleave", onLeave);
    element.addEventListener("wheel", onWheel, { passive: false });
    document.addEventListener("keydown", onKey, { capture: true });
    return () => {
      element.removeEventListener("pointerdown", onDown);
      element.removeEventListener("pointermove", onMove);
      element.removeEventListener("pointerup", onUp);
      element.removeEventListener("pointercancel", onUp);
      element.removeEventListener("pointerleave", onLeave);
      element.removeEventListener("wheel", onWheel);
      document.removeEventListener("keydown", onKey, { capture: true });
    };
  }, []);

  function zoom(factor: number | null) {
    const bounds = box.current?.getBoundingClientRect();
    if (!bounds) return;
    if (factor === null) camera.current.fit();
    else camera.current.zoomAt(bounds.width / 2, bounds.height / 2, factor, bounds.width, bounds.height);
    moved.current();
  }

  function onKeyDown(event: KeyboardEvent) {
    const bounds = box.current?.getBoundingClientRect();
    const pan = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!bounds || event.ctrlKey || event.metaKey || event.altKey || event.target !== box.current) return;
    if (pan) camera.current.panBy(pan[0]! * PAN_PX, pan[1]! * PAN_PX, bounds.width, bounds.height);
    else if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-" || event.key === "_") zoom(1 / 1.25);
    else if (event.key === "0") zoom(null);
    else return;
    event.preventDefault();
    moved.current();
  }

  return (
    // The arrows pan and + and - zoom while it has the focus, which only an application may.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions
    <div ref={box} className={`scatter ${tool === "pan" ? (hover ? "over-point" : "") : "drawing"}`} role="application" aria-label={`${label}. Arrow keys pan, plus and minus zoom.`} tabIndex={0} onKeyDown={onKeyDown}>
      <canvas ref={canvas} role="img" aria-label={label} />
      <div ref={pictures} className="scatter-pictures" aria-hidden="true">
        {picture &&
          near.map((point) => (
            <span key={point} data-point={point}>
              <img src={picture(point)} alt="" decoding="async" />
            </span>
          ))}
      </div>
      <svg className="scatter-drawn" aria-hidden="true" style={{ display: "none" }}>
        <path ref={drawn} />
      </svg>
      <div ref={marker} className="scatter-marker" hidden />
      {unsupported && (
        <div className="scatter-none">
          <Empty small title="No map in this browser">
            The map needs WebGL 2, which this browser does not offer. The lists beside it show the same primitives.
          </Empty>
        </div>
      )}
      {lost && !unsupported && (
        <p className="scatter-lost" role="status">
          No primitive lies here.
          <button type="button" className="button small" onClick={() => zoom(null)}>
            Show all
          </button>
        </p>
      )}
      {children}
      <div className="scatter-tools">
        <button type="button" className="icon-button" aria-label="Zoom in" onClick={() => zoom(1.6)}>
          <Icon name="plus" />
        </button>
        <button type="button" className="icon-button" aria-label="Zoom out" onClick={() => zoom(1 / 1.6)}>
          <Icon name="minus" />
        </button>
        <button type="button" className="icon-button" aria-label="Show all" onClick={() => zoom(null)}>
          <Icon name="fit" />
        </button>
      </div>
      {hover && <Preview hover={hover}>{preview(hover.point)}</Preview>}
    </div>
  );
}

function boxOf(corners: readonly [x: number, y: number][]): [x: number, y: number][] {
  const [[x0, y0], [x1, y1]] = [corners[0]!, corners[corners.length - 1]!];
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]; // prettier-ignore
}

const PREVIEW = { width: 200, height: 170 };

function Preview({ hover, children }: { hover: Hover; children: ReactNode }) {
  const { width, height } = hover;
  const left = hover.x + PREVIEW.width + 16 > width ? hover.x - PREVIEW.width - 12 : hover.x + 12;
  const top = Math.min(Math.max(4, hover.y - PREVIEW.height / 2), Math.max(4, height - PREVIEW.height - 4));
  return (
    <div className="scatter-preview" style={{ left: Math.max(4, left), top, width: PREVIEW.width }}>
      {children}
    </div>
  );
}
