import { useCallback, useEffect } from "react";
import { canvasPalette, hueOf, isHatched } from "../../lib/palette";
import type { TimeAxis } from "../../lib/timeAxis";
import { useDrawing } from "./useDrawing";

export interface LaneItem {
  start_s: number;
  end_s: number;
  /** Colour: a cluster's index, or null for grey. */
  cluster: number | null;
  /** Written inside where it fits. */
  label?: string;
}

interface LaneProps {
  id: string;
  name: string;
  items: readonly LaneItem[];
  axis: TimeAxis;
  /** Position in `items`, or -1. */
  selected?: number;
  plain?: boolean;
}

/** Intervals as blocks. A drawing: the list beside it says the same to those who cannot see it. */
export function Lane({ id, name, items, axis, selected = -1, plain = false }: LaneProps) {
  const draw = useCallback(
    (context: CanvasRenderingContext2D, width: number, height: number) => {
      const palette = canvasPalette();
      const top = 3;
      const tall = height - 6;
      context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
      context.textBaseline = "middle";
      items.forEach((item, index) => {
        const from = axis.toX(item.start_s, width);
        const to = axis.toX(item.end_s, width);
        if (to < 0 || from > width) return;
        // One pixel between neighbours, but nothing so short that it vanishes.
        const wide = Math.max(1.5, to - from - 1);
        const colour = plain ? palette.truth : item.cluster === null ? palette.noCluster : palette.hues[hueOf(item.cluster)]!;
        context.fillStyle = colour;
        context.beginPath();
        context.roundRect(from, top, wide, tall, Math.min(3, wide / 2));
        context.fill();
        if (!plain && item.cluster !== null && isHatched(item.cluster)) hatch(context, from, top, wide, tall, palette.well);
        const visibleFrom = Math.max(0, from) + 5;
        const words = fitted(context, item.label, Math.min(width, from + wide) - visibleFrom - 4);
        if (words !== "") {
          context.fillStyle = readableOn(colour);
          context.fillText(words, visibleFrom, height / 2 + 0.5);
        }
        if (selected === index) {
          // Around the block, not over it: a short one would lose its colour.
          context.strokeStyle = palette.text;
          context.lineWidth = 2;
          context.strokeRect(from - 2, top - 1, wide + 4, tall + 2);
        }
      });
    },
    [items, axis, selected, plain],
  );
  const { canvas, redraw } = useDrawing(draw);
  useEffect(() => axis.subscribe(redraw), [axis, redraw]);

  return (
    <div className="lane" data-lane={id}>
      <span className="lane-name" title={name}>
        {name}
      </span>
      <div className="lane-drawing">
        <canvas ref={canvas} role="img" aria-label={`${name}: ${items.length} on the timeline`} />
      </div>
    </div>
  );
}

/** As much of the label as fits; nothing rather than a stump. */
function fitted(context: CanvasRenderingContext2D, label: string | undefined, room: number): string {
  if (!label || room < 6) return "";
  if (context.measureText(label).width <= room) return label;
  for (let length = label.length - 1; length >= 3; length -= 1) {
    const short = `${label.slice(0, length)}…`;
    if (context.measureText(short).width <= room) return short;
  }
  return "";
}

function hatch(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, colour: string): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let at = x - height; at < x + width; at += 6) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

/** Black or white, whichever reads on `#rrggbb`. */
function readableOn(colour: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const luminance = 0.2126 * r ** 2.2 + 0.7152 * g ** 2.2 + 0.0722 * b ** 2.2;
  return luminance > 0.2 ? "#0b0c0d" : "#ffffff";
}
