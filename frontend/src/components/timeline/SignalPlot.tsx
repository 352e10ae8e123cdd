import { useCallback, useEffect, useRef, type ReactNode } from "react";
import type { PlaybackClock } from "../../lib/clock";
import { canvasPalette, type CanvasPalette } from "../../lib/palette";
import type { Pyramid } from "../../lib/pyramid";
import type { TimeAxis } from "../../lib/timeAxis";
import { formatFigure } from "../../lib/words";
import { useDrawing } from "./useDrawing";

/** One series over time, as columns: `timesS` ascend. */
export interface Signal {
  timesS: Float64Array;
  values: Float32Array;
  pyramid: Pyramid;
}

export interface Trace extends Signal {
  colour: "energy" | "energyPale" | "velocity" | "latent" | "flow";
  width: number;
}

export interface Level {
  value: number;
  name: string;
  dashed: boolean;
}

interface SignalPlotProps {
  id: string;
  name: string;
  /** To assistive technology and as a tooltip: what it is, of which run, in what unit. */
  about: string;
  traces: readonly Trace[];
  levels?: readonly Level[];
  /** The greatest value of the scale, which begins at 0. */
  top: number;
  axis: TimeAxis;
  clock: PlaybackClock;
  /** Whose value at the playhead is written out. */
  read: Signal;
  tall?: boolean;
  children?: ReactNode;
}

/** Signals on the shared time axis. Zoomed out, each pixel shows the least and the greatest value under it. */
export function SignalPlot({ id, name, about, traces, levels, top, axis, clock, read, tall = false, children }: SignalPlotProps) {
  const reading = useRef<HTMLElement>(null);
  const bounds = useRef<Int32Array>(new Int32Array(0));
  const draw = useCallback(
    (context: CanvasRenderingContext2D, width: number, height: number) => {
      const palette = canvasPalette();
      const scale = { axis, width, height, top: top * 1.08 };
      if (tall) grid(context, scale, palette);
      for (const trace of traces) {
        context.strokeStyle = palette[trace.colour];
        context.fillStyle = palette[trace.colour];
        context.lineWidth = trace.width;
        context.lineJoin = "round";
        bounds.current = line(context, trace, scale, bounds.current);
      }
      for (const level of levels ?? []) threshold(context, level, scale, palette);
    },
    [traces, levels, top, axis, tall],
  );
  const { canvas, redraw } = useDrawing(draw);
  useEffect(() => axis.subscribe(redraw), [axis, redraw]);

  useEffect(() => {
    const write = (timeS: number) => {
      const at = sampleAt(read.timesS, timeS);
      if (reading.current) reading.current.textContent = at >= 0 ? formatFigure(read.values[at]) : "–";
    };
    write(clock.time);
    return clock.subscribe(write);
  }, [read, clock]);

  return (
    <div className={tall ? "lane plot tall" : "lane plot"} data-lane={id}>
      <span className="lane-name" title={about}>
        {name}
        <b ref={reading} aria-hidden="true" className={`reading ${id}`} />
      </span>
      <div className="lane-drawing energy-canvas">
        <canvas ref={canvas} role="img" aria-label={about} />
        {children}
      </div>
    </div>
  );
}

interface Scale {
  axis: TimeAxis;
  width: number;
  height: number;
  top: number;
}

const PAD_PX = 6;
const yOf = (value: number, { height, top }: Scale): number => height - PAD_PX - (value / top) * (height - 2 * PAD_PX);

/** The last value at or before a moment: `times` ascend. -1 before the first. */
export function sampleAt(times: ArrayLike<number>, timeS: number): number {
  return firstAbove(times, timeS, 0, times.length) - 1;
}

function firstAbove(times: ArrayLike<number>, timeS: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Which values lie under each pixel: column c has the values bounds[c]..bounds[c + 1] - 1. */
export function columnBounds(times: Float64Array, startS: number, endS: number, width: number, into: Int32Array): Int32Array {
  const bounds = into.length === width + 1 ? into : new Int32Array(width + 1);
  let from = 0;
  for (let column = 0; column <= width; column += 1) {
    from = firstAbove(times, startS + (column / width) * (endS - startS), from, times.length);
    bounds[column] = from;
  }
  return bounds;
}

function line(context: CanvasRenderingContext2D, { timesS, values, pyramid }: Signal, scale: Scale, buffer: Int32Array): Int32Array {
  const { axis, width } = scale;
  const { startS, endS } = axis.range;
  const first = Math.max(0, firstAbove(timesS, startS, 0, timesS.length) - 1);
  const stop = Math.min(timesS.length, firstAbove(timesS, endS, first, timesS.length) + 1);
  context.beginPath();
  if (stop - first <= 2 * width) {
    for (let i = first; i < stop; i += 1) context.lineTo(axis.toX(timesS[i]!, width), yOf(values[i]!, scale));
    context.stroke();
    return buffer;
  }
  // There along the greatest values, back along the least: one shape, however long the recording.
  const across = Math.ceil(width);
  const bounds = columnBounds(timesS, startS, endS, across, buffer);
  const { min, max } = pyramid.columnsAt(bounds);
  for (let x = 0; x < across; x += 1) if (max[x]! >= 0) context.lineTo(x + 0.5, yOf(max[x]!, scale));
  for (let x = across - 1; x >= 0; x -= 1) if (min[x]! >= 0) context.lineTo(x + 0.5, yOf(min[x]!, scale));
  context.closePath();
  context.fill();
  context.lineWidth = Math.min(context.lineWidth, 1);
  context.stroke();
  return bounds;
}

function grid(context: CanvasRenderingContext2D, scale: Scale, palette: CanvasPalette): void {
  const step = niceStep(scale.top / 4);
  context.strokeStyle = palette.line;
  context.fillStyle = palette.muted;
  context.lineWidth = 1;
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "bottom";
  context.textAlign = "left";
  for (let value = 0; value <= scale.top; value += step) {
    const y = Math.round(yOf(value, scale)) + 0.5;
    context.beginPath();
    context.moveTo(0, y);
    context.lineTo(scale.width, y);
    context.stroke();
    if (value > 0) context.fillText(formatFigure(value, 2), 4, y - 1);
  }
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1e-9)));
  return power * ([1, 2, 5, 10].find((step) => step * power >= rough) ?? 10);
}

function threshold(context: CanvasRenderingContext2D, { value, name, dashed }: Level, scale: Scale, palette: CanvasPalette): void {
  const y = Math.round(yOf(value, scale)) + 0.5;
  context.save();
  context.strokeStyle = palette.threshold;
  context.globalAlpha = 0.85;
  context.lineWidth = 1;
  context.setLineDash(dashed ? [5, 4] : []);
  context.beginPath();
  context.moveTo(0, y);
  context.lineTo(scale.width, y);
  context.stroke();
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "right";
  context.textBaseline = dashed ? "top" : "bottom";
  const words = `${name} ${formatFigure(value)}`;
  const [x, base] = [scale.width - 8, dashed ? Math.min(y + 4, scale.height - 13) : Math.max(14, y - 3)];
  const wide = context.measureText(words).width;
  context.fillStyle = palette.well;
  context.globalAlpha = 0.8;
  context.fillRect(x - wide - 4, dashed ? base - 1 : base - 13, wide + 8, 14);
  context.globalAlpha = 1;
  context.fillStyle = palette.text;
  context.fillText(words, x, base);
  context.restore();
}

/** The greatest of a series too long to spread; never 0, so that it can be a scale. */
export const greatest = (signal: Signal): number => {
  const { max } = signal.pyramid.range(0, signal.values.length);
  return Number.isFinite(max) && max > 0 ? max : 1e-9;
};
