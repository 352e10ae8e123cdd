import type { Alpha, Figure } from "../../api/types";
import { plural } from "../../lib/words";

export const QUALITY = ["unusable", "low", "acceptable", "high"] as const;
export const CONFIDENCE = ["low", "medium", "high"] as const;

/** A figure to so many decimals, with a true minus; a dash where there is none. */
export function decimals(value: number | null, digits = 2): string {
  if (value === null) return "–";
  const text = value.toFixed(digits);
  return text.replace(/^-(?=[0.]*[1-9])/, "−").replace(/^-/, "");
}

/** The same with its sign: how far above or below. */
export const signed = (value: number | null, digits = 2): string => (value !== null && value > 0 ? `+${decimals(value, digits)}` : decimals(value, digits));

export function interval({ low, high }: { low: number | null; high: number | null }, digits = 2): string {
  return low === null || high === null ? "" : `${decimals(low, digits)} to ${decimals(high, digits)}`;
}

/** Why there is no alpha; null where there is one. */
export function whyNoAlpha(alpha: Alpha, judged: string): string | null {
  if (alpha.alpha !== null) return null;
  if (alpha.n_units === 0) return `Not computable yet: no primitive has been ${judged} by two people.`;
  return `Not computable yet: all ${alpha.n_ratings} of them are the same, so nothing could have disagreed.`;
}

export const ofPrimitives = (alpha: Alpha): string => `n = ${plural(alpha.n_units, "primitive")}, ${plural(alpha.n_ratings, "rating")}`;
export const ofPairs = (figure: Figure): string => `n = ${plural(figure.n, "pair of reviews", "pairs of reviews")}`;
