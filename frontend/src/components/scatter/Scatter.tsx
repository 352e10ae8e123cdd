import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { canvasPalette, hueOf, isHatched } from "../../lib/palette";
import { useTheme } from "../../lib/theme";
import { Icon } from "../Icon";
import { Empty } from "../PanelState";
import { FADED, HATCHED, makeRenderer, NO_CLUSTER_STYLE, pointSize, type PointsRenderer } from "./gl";
import { Camera, makeCloud } from "./points";
import "./scatter.css";

interface ScatterProps {
  x: readonly number[];
  y: readonly number[];
  /** Colour: a cluster's index a point, or null. */
  cluster: readonly (number | null)[];
  /** Others are faded while one is lit. */
  lit: number | null;
  /** Position of the point that is selected, or -1. */
  selected: number;
  label: string;
  onPick: (point: number) => void;
  /** What to show beside the point under the pointer. */
  preview: (point: number) => ReactNode;
}

interface Hover {
  point: number;
  x: number;
  y: number;
  /** Of the drawing, so that the preview stays inside. */
  width: number;
  height: number;
}

/** Points under WebGL: drag pans, the wheel zooms at the pointer, a press picks. */
export function Scatter({ x, y, cluster, lit, selected, label, onPick, preview }: ScatterProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const marker = useRef<HTMLDivElement>(null);
  const renderer = useRef<PointsRenderer | null>(null);
  const camera = useRef(new Camera());
  const frame = useRef(0);
  const [unsupported, setUnsupported] = useState(false);
  const [restored, setRestored] = useState(0); // counts contexts: a new one has forgotten what it was given
  const [hover, setHover] = useState<Hover | null>(null);
  const theme = useTheme();
  const cloud = useMemo(() => makeCloud(x, y), [x, y]);
  const state = useRef({ cloud, selected, onPick });

  const redraw = useRef(() => {
    if (frame.current) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      const element = canvas.current;
      if (!element || !renderer.current) return;
      const { width, height } = element.getBoundingClientRect();
      if (width === 0 || height === 0) return;
      const ratio = window.devicePixelRatio || 1;
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (element.width !== w || element.height !== h) {
        element.width = w;
        element.height = h;
      }
      renderer.current.draw(camera.current, width, height, ratio);
      const { cloud: points, selected: chosen } = state.current;
      if (!marker.current) return;
      marker.current.hidden = chosen < 0;
      if (chosen >= 0) {
        const [px, py] = camera.current.toScreen(points.positions[2 * chosen]!, points.positions[2 * chosen + 1]!, width, height);
        marker.current.style.transform = `translate(${px}px, ${py}px)`;
      }
    });
  });

  useEffect(() => {
    state.current = { cloud, selected, onPick };
    redraw.current();
  }, [cloud, selected, onPick]);

  // A looping clip above the canvas can leave a hole where it was: the canvas is painted again when it moves.
  useEffect(() => redraw.current(), [hover]);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
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
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => redraw.current());
    observer?.observe(element);
    return () => {
      element.removeEventListener("webglcontextlost", onLost);
      element.removeEventListener("webglcontextrestored", onRestored);
      observer?.disconnect();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
      renderer.current?.dispose();
      renderer.current = null;
    };
  }, []);
  useEffect(() => {
    renderer.current?.setCloud(cloud);
    camera.current.fit();
    redraw.current();
  }, [cloud, restored]);

  useEffect(() => {
    const styles = Float32Array.from(cluster, (index) => {
      const hue = index === null ? NO_CLUSTER_STYLE : hueOf(index) + (isHatched(index) ? HATCHED : 0);
      return hue + (lit !== null && index !== lit ? FADED : 0);
    });
    renderer.current?.setStyles(styles);
    redraw.current();
  }, [cluster, lit, restored]);

  useEffect(() => {
    const palette = canvasPalette();
    renderer.current?.setPalette([...palette.hues, palette.noCluster], theme === "dark" ? 0.16 : 0.14);
    redraw.current();
  }, [theme, restored]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const pointers = new Map<number, { x: number; y: number }>();
    let moved = 0;
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
    const onDown = (event: PointerEvent) => {
      if (event.button !== 0 || (event.target as Element).closest("button")) return;
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      moved = 0;
      element.setPointerCapture?.(event.pointerId);
    };
    const onMove = (event: PointerEvent) => {
      const before = pointers.get(event.pointerId);
      if (!before) {
        const found = pick(event);
        setHover(found.point < 0 ? null : found);
        return;
      }
      const { width, height } = local(event);
      const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const was = Math.hypot(before.x - other.x, before.y - other.y);
        const now = Math.hypot(event.clientX - other.x, event.clientY - other.y);
        const bounds = element.getBoundingClientRect();
        if (was > 8) camera.current.zoomAt((event.clientX + other.x) / 2 - bounds.left, (event.clientY + other.y) / 2 - bounds.top, now / was, width, height);
      } else camera.current.panBy(dx, dy, width, height);
      moved += Math.abs(dx) + Math.abs(dy);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      setHover(null);
      redraw.current();
    };
    const onUp = (event: PointerEvent) => {
      if (!pointers.delete(event.pointerId) || moved > 4 || event.type !== "pointerup") return;
      const { point } = pick(event);
      if (point >= 0) state.current.onPick(point);
    };
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { px, py, width, height } = local(event);
      camera.current.zoomAt(px, py, Math.exp(-event.deltaY * (event.deltaMode === 1 ? 16 : 1) * 0.002), width, height);
      redraw.current();
    };
    const onLeave = () => setHover(null);
    element.addEventListener("pointerdown", onDown);
    element.addEventListener("pointermove", onMove);
    element.addEventListener("pointerup", onUp);
    element.addEventListener("pointercancel", onUp);
    element.addEventListener("pointerleave", onLeave);
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => {
      element.removeEventListener("pointerdown", onDown);
      element.removeEventListener("pointermove", onMove);
      element.removeEventListener("pointerup", onUp);
      element.removeEventListener("pointercancel", onUp);
      element.removeEventListener("pointerleave", onLeave);
      element.removeEventListener("wheel", onWheel);
    };
  }, []);

  function zoom(factor: number | null) {
    const bounds = box.current?.getBoundingClientRect();
    if (!bounds) return;
    if (factor === null) camera.current.fit();
    else camera.current.zoomAt(bounds.width / 2, bounds.height / 2, factor, bounds.width, bounds.height);
    redraw.current();
  }

  return (
    <div ref={box} className={hover ? "scatter over-point" : "scatter"}>
      <canvas ref={canvas} role="img" aria-label={label} />
      <div ref={marker} className="scatter-marker" hidden />
      {unsupported && (
        <div className="scatter-none">
          <Empty small title="No map in this browser">
            The map needs WebGL 2, which this browser does not offer. The clusters beside it show the same primitives.
          </Empty>
        </div>
      )}
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
