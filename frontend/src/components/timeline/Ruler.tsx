import { useCallback, useEffect, useRef } from "react";
import type { PlaybackClock } from "../../lib/clock";
import { canvasPalette } from "../../lib/palette";
import { formatLength, formatTime } from "../../lib/time";
import { rulerTicks, type TimeAxis } from "../../lib/timeAxis";
import { useDrawing } from "./useDrawing";

/** The time scale; to assistive technology, the slider that says where we are. */
export function Ruler({ axis, clock }: { axis: TimeAxis; clock: PlaybackClock }) {
  const slider = useRef<HTMLDivElement>(null);
  const draw = useCallback(
    (context: CanvasRenderingContext2D, width: number, height: number) => {
      const palette = canvasPalette();
      context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
      context.fillStyle = palette.muted;
      context.strokeStyle = palette.line;
      context.textBaseline = "middle";
      const fine = axis.span < 4;
      for (const tick of rulerTicks(axis.range, width)) {
        const x = Math.round(axis.toX(tick, width)) + 0.5;
        context.beginPath();
        context.moveTo(x, height - 6);
        context.lineTo(x, height);
        context.stroke();
        const label = fine ? formatTime(tick).slice(0, -2) : formatLength(tick);
        if (x + context.measureText(label).width + 6 < width) context.fillText(label, x + 4, height / 2);
      }
    },
    [axis],
  );
  const { canvas, redraw } = useDrawing(draw);

  useEffect(() => axis.subscribe(redraw), [axis, redraw]);

  useEffect(() => {
    let said = -Infinity;
    const say = (timeS: number) => {
      // Twice a second is enough to be read out, and cheap.
      if (Math.abs(timeS - said) < 0.5) return;
      said = timeS;
      slider.current?.setAttribute("aria-valuenow", timeS.toFixed(1));
      slider.current?.setAttribute("aria-valuetext", formatTime(timeS));
    };
    say(clock.time);
    return clock.subscribe(say);
  }, [clock]);

  return (
    <div className="lane ruler">
      <span className="lane-name" />
      <div
        ref={slider}
        role="slider"
        tabIndex={0}
        aria-label="Time"
        aria-valuemin={0}
        aria-valuemax={Number(axis.durationS.toFixed(1))}
        aria-valuenow={0}
        className="lane-drawing"
      >
        <canvas ref={canvas} />
      </div>
    </div>
  );
}
