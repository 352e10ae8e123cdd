const count = new Intl.NumberFormat("en");

/** "1 video", "12 videos", "1,204 primitives". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count.format(n)} ${n === 1 ? one : many}`;
}

export const formatCount = (n: number): string => count.format(n);

/** A share as a whole percentage; something small is never shown as nothing. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 1) return "<1 %";
  return `${Math.round(percent)} %`;
}

const ENCODERS: Record<string, string> = { "open_clip:ViT-B-32/openai": "CLIP ViT-B/32" };

/** What looks at pictures, as people call it; one nobody has named here goes by the server's name. */
export const encoderName = (encoder: string): string => ENCODERS[encoder] ?? encoder;

/** All that made a coherence figure. */
export function encoderWords(made: { encoder: string; weights: string; seed: number }): string {
  const weights = made.weights ? `weights ${made.weights.slice(0, 12)}` : "no weights: it measures colours and edges";
  return `${encoderName(made.encoder)} (${made.encoder}), ${weights}, seed ${made.seed}`;
}

/** A figure to three significant digits, or a dash where there is none. */
export function formatFigure(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  return Math.abs(value) >= 1000 ? count.format(Math.round(value)) : Number(value.toPrecision(digits)).toString();
}

/** A name of the program's as a person reads it: "clustering.n_clusters" is "clustering, n clusters". */
export const spoken = (name: string): string => name.replaceAll(".", ", ").replaceAll("_", " ");
