import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Energy } from "../../api/types";
import type { PlaybackClock } from "../../lib/clock";
import { canvasPalette } from "../../lib/palette";
import { useTheme } from "../../lib/theme";
import type { TimeAxis } from "../../lib/timeAxis";
import { formatFigure } from "../../lib/words";
import { gutterOf } from "./gestures";

interface EnergyPlotProps {
  trace: Energy;
  axis: TimeAxis;
  clock: PlaybackClock;
  showVelocity: boolean;
}

/** The last value at or before a moment: `times` ascend. -1 before the first. */
export function sampleAt(times: readonly number[], timeS: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= timeS) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Raw energy thin and pale, smoothed strong; θ on solid, θ off dashed; velocity in grey on a scale of its own. */
export function EnergyPlot({ trace, axis, clock, showVelocity }: EnergyPlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const reading = useRef<HTMLElement>(null);
  const theme = useTheme();

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const palette = canvasPalette();
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const ceiling = Math.max(1e-9, trace.theta_on ?? 0, ...sampleMax(trace.smoothed), ...sampleMax(trace.energy));
    const velocityTop = Math.max(1e-9, ...sampleMax(trace.velocity));

    const thresholds = (plot: uPlot) => {
      const { ctx, bbox } = plot;
      const ratio = uPlot.pxRatio;
      const line = (value: number | null, dash: number[], name: string, above: boolean) => {
        if (value === null) return;
        const y = Math.round(plot.valToPos(value, "y", true)) + 0.5;
        ctx.save();
        ctx.strokeStyle = palette.threshold;
        ctx.globalAlpha = 0.85;
        ctx.lineWidth = ratio;
        ctx.setLineDash(dash.map((length) => length * ratio));
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
        ctx.setLineDash([]);
        ctx.globalAlpha = 1;
        ctx.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
        ctx.textAlign = "right";
        ctx.textBaseline = above ? "bottom" : "top";
        const words = `${name} ${formatFigure(value)}`;
        const [x, base] = [bbox.left + bbox.width - 8 * ratio, y + (above ? -3 : 4) * ratio];
        const wide = ctx.measureText(words).width;
        ctx.fillStyle = palette.well;
        ctx.globalAlpha = 0.8;
        ctx.fillRect(x - wide - 4 * ratio, above ? base - 13 * ratio : base - 1 * ratio, wide + 8 * ratio, 14 * ratio);
        ctx.globalAlpha = 1;
        ctx.fillStyle = palette.text;
        ctx.fillText(words, x, base);
        ctx.restore();
      };
      line(trace.theta_on, [], "θ on", true);
      line(trace.theta_off, [5, 4], "θ off", false);
    };

    const plot = new uPlot(
      {
        width: Math.max(1, element.clientWidth),
        height: Math.max(1, element.clientHeight),
        padding: [8, 0, 8, 0],
        legend: { show: false },
        cursor: { show: false },
        select: { show: false, left: 0, top: 0, width: 0, height: 0 },
        scales: {
          x: { time: false, range: () => [axis.range.startS, axis.range.endS] },
          y: { range: () => [0, ceiling * 1.08] },
          velocity: { range: () => [0, velocityTop * 1.08] },
        },
        axes: [
          { show: false },
          {
            size: gutterOf(element),
            stroke: palette.muted,
            font,
            gap: 6,
            space: 28,
            ticks: { show: false },
            grid: { stroke: palette.line, width: 1 },
            values: (_plot, splits) => splits.map((value) => formatFigure(value, 2)),
          },
        ],
        series: [
          {},
          { stroke: palette.energyPale, width: 1, points: { show: false } },
          { stroke: palette.velocity, width: 1, scale: "velocity", points: { show: false }, show: showVelocity },
          { stroke: palette.energy, width: 2, points: { show: false } },
        ],
        hooks: { draw: [thresholds] },
      },
      [trace.times_s, trace.energy, trace.velocity, trace.smoothed],
      element,
    );

    const onRange = () => plot.setScale("x", { min: axis.range.startS, max: axis.range.endS });
    let frame = 0;
    const undo = axis.subscribe(() => {
      if (!frame)
        frame = requestAnimationFrame(() => {
          frame = 0;
          onRange();
        });
    });
    const observer =
      typeof ResizeObserver === "undefined"
        ? null
        : new ResizeObserver(() => plot.setSize({ width: Math.max(1, element.clientWidth), height: Math.max(1, element.clientHeight) }));
    observer?.observe(element);
    return () => {
      undo();
      cancelAnimationFrame(frame);
      observer?.disconnect();
      plot.destroy();
    };
  }, [trace, axis, showVelocity, theme]);

  useEffect(() => {
    const read = (timeS: number) => {
      const at = sampleAt(trace.times_s, timeS);
      if (reading.current) reading.current.textContent = at >= 0 ? (trace.smoothed[at] ?? 0).toFixed(2) : "–";
    };
    read(clock.time);
    return clock.subscribe(read);
  }, [trace, clock]);

  return (
    <div className="energy-plot" data-lane="energy">
      <div
        ref={box}
        className="energy-canvas"
        role="img"
        aria-label={`Energy over time, source ${trace.source}. Threshold on ${formatFigure(trace.theta_on)}, off ${formatFigure(trace.theta_off)}.`}
      />
      <p className="energy-reading" aria-hidden="true" title={`${trace.source} energy, smoothed, at the playhead (${trace.unit})`}>
        energy <b ref={reading} />
      </p>
    </div>
  );
}

/** The greatest value as a list of one, of a column too long to spread. */
function sampleMax(values: readonly number[]): [number] {
  let max = 0;
  for (const value of values) if (value > max) max = value;
  return [max];
}
