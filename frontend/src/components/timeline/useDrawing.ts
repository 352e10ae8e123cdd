import { useCallback, useEffect, useRef } from "react";
import { useTheme } from "../../lib/theme";

export type Draw = (context: CanvasRenderingContext2D, width: number, height: number) => void;

/**
 * A canvas drawn at the screen's own resolution: again when its size or the theme changes, and once a frame at most when
 * `redraw` is called.
 */
export function useDrawing(draw: Draw) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  const frame = useRef(0);
  const theme = useTheme();

  const redraw = useCallback(() => {
    if (frame.current) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      const element = canvas.current;
      const context = element?.getContext("2d");
      if (!element || !context) return;
      const { width, height } = element.getBoundingClientRect();
      const ratio = window.devicePixelRatio || 1;
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (element.width !== w || element.height !== h) {
        element.width = w;
        element.height = h;
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      latest.current(context, width, height);
    });
  }, []);

  useEffect(() => {
    latest.current = draw;
    redraw();
  }, [draw, redraw, theme]);

  useEffect(() => {
    const element = canvas.current;
    if (!element || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(redraw);
    observer.observe(element);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [redraw]);

  return { canvas, redraw };
}
