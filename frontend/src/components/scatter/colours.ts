import { hueOf, isHatched, type CanvasPalette } from "../../lib/palette";

/** How a point is coloured: 0 … 11 one of the hues, NONE the grey of what has no value, from RAMP on a step of the ramp; + RING a ring. */
export const NONE = 12;
export const RAMP = 16;
export const RAMP_STEPS = 16;
const RING = 64;

/** The code of a cluster, an action's colour, or whatever else counts through the palette; below nought: none. */
export const hueCode = (index: number): number => (index < 0 ? NONE : hueOf(index) + (isHatched(index) ? RING : 0));

/** The code of a share 0..1 of a ramp; NaN: none. */
export const rampCode = (share: number): number =>
  Number.isNaN(share) ? NONE : RAMP + Math.min(RAMP_STEPS - 1, Math.max(0, Math.floor(share * RAMP_STEPS)));

/** Low to high, told apart by lightness alone: every step is farther from the ground than the one before. */
export const RAMPS = {
  dark: ["#34507a", "#3f8fc4", "#8fd0d8", "#fdf3b0"],
  light: ["#8fb4d6", "#3f86bd", "#1c4f8c", "#0b1b3f"],
} as const;

export const rampGradient = (theme: "dark" | "light"): string => `linear-gradient(90deg, ${RAMPS[theme].join(", ")})`;

/** Codes as the renderer wants them: red, green, blue and disc or ring. */
export function coloured(codes: Uint8Array, palette: Pick<CanvasPalette, "hues" | "noCluster">, theme: "dark" | "light"): Uint8Array {
  const table = new Uint8Array(32 * 3);
  [...palette.hues, palette.noCluster].forEach((hue, i) => table.set(rgb(hue), i * 3));
  for (let step = 0; step < RAMP_STEPS; step += 1) table.set(ramp(RAMPS[theme], step / (RAMP_STEPS - 1)), (RAMP + step) * 3);
  const colours = new Uint8Array(codes.length * 4);
  for (let i = 0; i < codes.length; i += 1) {
    const from = (codes[i]! & 31) * 3;
    colours[4 * i] = table[from]!;
    colours[4 * i + 1] = table[from + 1]!;
    colours[4 * i + 2] = table[from + 2]!;
    colours[4 * i + 3] = codes[i]! & RING ? 0 : 255;
  }
  return colours;
}

function ramp(stops: readonly string[], share: number): number[] {
  const at = share * (stops.length - 1);
  const from = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [rgb(stops[from]!), rgb(stops[from + 1]!)];
  return a.map((value, i) => Math.round(value + (b[i]! - value) * (at - from)));
}

function rgb(colour: string): [number, number, number] {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour.trim())?.[1] ?? "888888";
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
}
