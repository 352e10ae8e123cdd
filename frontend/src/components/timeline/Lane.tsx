import { useCallback, useEffect, type ReactNode } from "react";
import { canvasPalette, hueOf, isHatched, qualityStep, type CanvasPalette } from "../../lib/palette";
import type { TimeAxis } from "../../lib/timeAxis";
import { useDrawing } from "./useDrawing";

/** How a block is coloured: by its group's place in the palette, by human quality, as given truth, or grey. */
export type Paint = { group: number } | { quality: number | null } | "truth" | "none";

export interface LaneItem {
  start_s: number;
  end_s: number;
  paint: Paint;
  /** Written inside where it fits. */
  label?: string;
  /** Not as the run has it: drawn with a border and paler. */
  changed?: boolean;
}

interface LaneProps {
  id: string;
  name: ReactNode;
  /** For the tooltip and to assistive technology: the name in words, and where the blocks are from. */
  about: string;
  items: readonly LaneItem[];
  axis: TimeAxis;
  /** Position in `items`, or -1. */
  selected?: number;
  /** The edge of the selected one that is in hand. */
  edge?: "start" | "end" | null;
  /** Positions in `items` of what is selected elsewhere. */
  outlined?: ReadonlySet<number>;
  thin?: boolean;
}

/** Intervals as blocks, in time order. A drawing: the list beside it says the same to those who cannot see it. */
export function Lane({ id, name, about, items, axis, selected = -1, edge = null, outlined, thin = false }: LaneProps) {
  const draw = useCallback(
    (context: CanvasRenderingContext2D, width: number, height: number) => {
      const palette = canvasPalette();
      const top = thin ? 2 : 3;
      const tall = height - top * 2;
      context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
      context.textBaseline = "middle";
      const { startS, endS } = axis.range;
      let drawnTo = -1;
      for (let index = firstAfter(items, startS); index < items.length; index += 1) {
        const item = items[index]!;
        if (item.start_s > endS) break;
        const from = axis.toX(item.start_s, width);
        const to = axis.toX(item.end_s, width);
        const colour = colourOf(item.paint, palette);
        if (to - from < 3) {
          // Ten hours in view: many blocks a pixel. One rectangle each is all that can be seen, and one a half pixel enough.
          if (to < drawnTo + 0.5 && index !== selected) continue;
          context.fillStyle = colour;
          context.fillRect(from, top, Math.max(1, to - from - 0.5), tall);
          drawnTo = to;
          if (index !== selected && !outlined?.has(index)) continue;
        }
        // One pixel between neighbours, but nothing so short that it vanishes.
        const wide = Math.max(1.5, to - from - 1);
        if (to - from >= 3) block(context, item, colour, from, top, wide, tall, palette);
        if (to - from >= 3 && !thin) write(context, item, colour, from, wide, width, height, palette);
        if (outlined?.has(index) && index !== selected) outline(context, from - 1, top - 0.5, wide + 2, tall + 1, palette.accent, 1.5);
        if (selected === index) {
          // Around the block, not over it: a short one would lose its colour.
          outline(context, from - 2, top - 1, wide + 4, tall + 2, palette.text, 2);
          if (edge) {
            const x = edge === "start" ? from - 1 : from + wide + 1;
            context.fillStyle = palette.accent;
            context.fillRect(x - 2, 0, 4, height);
          }
        }
      }
    },
    [items, axis, selected, edge, outlined, thin],
  );
  const { canvas, redraw } = useDrawing(draw);
  useEffect(() => axis.subscribe(redraw), [axis, redraw]);

  return (
    <div className={thin ? "lane thin" : "lane"} data-lane={id}>
      <span className="lane-name" title={about}>
        {name}
      </span>
      <div className="lane-drawing">
        <canvas ref={canvas} role="img" aria-label={`${about}: ${items.length} on the timeline`} />
      </div>
    </div>
  );
}

function firstAfter(items: readonly LaneItem[], timeS: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.end_s < timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}

function colourOf(paint: Paint, palette: CanvasPalette): string {
  if (paint === "truth") return palette.truth;
  if (paint === "none") return palette.noCluster;
  if ("group" in paint) return palette.hues[hueOf(paint.group)]!;
  return paint.quality === null ? palette.noCluster : palette.qualities[qualityStep(paint.quality)]!;
}

function block(
  context: CanvasRenderingContext2D,
  item: LaneItem,
  colour: string,
  x: number,
  y: number,
  width: number,
  height: number,
  palette: CanvasPalette,
): void {
  context.fillStyle = colour;
  context.globalAlpha = item.changed ? 0.55 : 1;
  context.beginPath();
  context.roundRect(x, y, width, height, Math.min(3, width / 2));
  context.fill();
  context.globalAlpha = 1;
  if (item.changed) outline(context, x + 0.75, y + 0.75, Math.max(0.5, width - 1.5), height - 1.5, colour, 1.5);
  if (typeof item.paint === "object" && "group" in item.paint && isHatched(item.paint.group)) hatch(context, x, y, width, height, palette.well);
}

function write(
  context: CanvasRenderingContext2D,
  item: LaneItem,
  colour: string,
  from: number,
  wide: number,
  width: number,
  height: number,
  palette: CanvasPalette,
): void {
  const visibleFrom = Math.max(0, from) + 5;
  const words = fitted(context, item.label, Math.min(width, from + wide) - visibleFrom - 4);
  if (words === "") return;
  context.fillStyle = item.changed ? palette.text : readableOn(colour);
  context.fillText(words, visibleFrom, height / 2 + 0.5);
}

function outline(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, colour: string, thick: number): void {
  context.strokeStyle = colour;
  context.lineWidth = thick;
  context.strokeRect(x, y, width, height);
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
