/** One hue a cluster, the same everywhere: `--hue-0` … `--hue-11` in styles/tokens.css; beyond twelve the hue comes again, hatched. */
export const HUES = 12;

export const hueOf = (cluster: number): number => ((cluster % HUES) + HUES) % HUES;
export const isHatched = (cluster: number): boolean => cluster >= HUES;

/** For style attributes. A segment without a cluster (yet) is grey. */
export function clusterColour(cluster: number | null): string {
  return cluster === null ? "var(--no-cluster)" : `var(--hue-${hueOf(cluster)})`;
}

/** For canvases, which cannot read variables: the theme's colours as they are now. */
export interface CanvasPalette {
  hues: string[];
  noCluster: string;
  text: string;
  muted: string;
  line: string;
  well: string;
  energy: string;
  energyPale: string;
  velocity: string;
  threshold: string;
  latent: string;
  flow: string;
  accent: string;
  truth: string;
  /** Of quality 0, 1, 2, 3. */
  qualities: string[];
}

/** Human quality 0–3, also of means in between; grey where nobody has judged. */
export function qualityColour(quality: number | null | undefined): string {
  return quality === null || quality === undefined ? "var(--no-cluster)" : `var(--quality-${qualityStep(quality)})`;
}

export const qualityStep = (quality: number): number => Math.min(3, Math.max(0, Math.round(quality)));

let known: { theme: string | undefined; palette: CanvasPalette } | null = null;

/** Read once a theme: asking the style sheet for thirty colours, some times a frame, costs more than drawing with them. */
export function canvasPalette(): CanvasPalette {
  const { theme } = document.documentElement.dataset;
  if (known === null || known.theme !== theme) known = { theme, palette: readPalette() };
  return known.palette;
}

function readPalette(): CanvasPalette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim() || "#888888";
  return {
    hues: Array.from({ length: HUES }, (_, i) => read(`--hue-${i}`)),
    noCluster: read("--no-cluster"),
    text: read("--text"),
    muted: read("--muted"),
    line: read("--line"),
    well: read("--well"),
    energy: read("--energy"),
    energyPale: read("--energy-pale"),
    velocity: read("--velocity"),
    threshold: read("--threshold"),
    latent: read("--latent"),
    flow: read("--flow"),
    accent: read("--accent"),
    truth: read("--truth"),
    qualities: [0, 1, 2, 3].map((i) => read(`--quality-${i}`)),
  };
}
