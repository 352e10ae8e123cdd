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
  accent: string;
  truth: string;
}

export function canvasPalette(): CanvasPalette {
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
    accent: read("--accent"),
    truth: read("--truth"),
  };
}
