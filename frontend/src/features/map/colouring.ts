import type { MapColumns } from "../../api/map";
import { hueCode, rampCode } from "../../components/scatter/colours";
import { formatSeconds } from "../../lib/time";

export const COLOURINGS = {
  action: "Action",
  cluster: "Cluster",
  quality: "Quality",
  video: "Video",
  duration: "Duration",
} as const;
export type Colouring = keyof typeof COLOURINGS;

export const colouringFrom = (text: string | null): Colouring => (text !== null && Object.hasOwn(COLOURINGS, text) ? (text as Colouring) : "action");

/** One colour and what has it; `select` is what a press on it selects. */
export interface LegendEntry {
  name: string;
  /** Through the palette; -1: grey. */
  colour: number;
  n: number;
  select: string | null;
}

export type Legend = { kind: "entries"; entries: LegendEntry[] } | { kind: "ramp"; low: string; high: string; note: string };

/** The colour of each point, and what the colours say. */
export function colouring(map: MapColumns, by: Colouring): { codes: Uint8Array; legend: Legend } {
  switch (by) {
    case "action":
      return byGroup(map);
    case "cluster":
      return counted(map, (i) => map.cluster[i]!, (cluster) => ({ name: cluster < 0 ? "No cluster" : `Cluster ${cluster + 1}`, colour: cluster, select: cluster < 0 ? null : `cluster:${cluster}` }));
    case "video": {
      const place = new Map(map.videos.map(({ id }, i) => [id, i]));
      return counted(map, (i) => place.get(map.video[i]!) ?? -1, (index) => {
        const video = map.videos[index];
        return { name: video?.title ?? "Another video", colour: index, select: video ? `lane:${video.id},0,${FOREVER_S}` : null };
      });
    }
    case "quality": {
      let rated = 0;
      const codes = Uint8Array.from(map.quality, (quality) => {
        if (!Number.isNaN(quality)) rated += 1;
        return rampCode(quality / BEST_QUALITY);
      });
      const note = rated === 0 ? "Nobody has rated these primitives yet: all are grey." : `Mean of the reviews, 0 to 3; ${map.n - rated} of ${map.n} not rated are grey.`;
      return { codes, legend: { kind: "ramp", low: "0", high: "3", note } };
    }
    case "duration": {
      const lengths = Float64Array.from(map.end_s, (end, i) => end - map.start_s[i]!);
      const sorted = lengths.slice().sort();
      // A few very long ones would leave all others one colour.
      const [low, high] = [0.02, 0.98].map((share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 1) as [number, number];
      const span = Math.log(high / low) || 1;
      const codes = Uint8Array.from(lengths, (length) => rampCode(Math.log(length / low) / span));
      return { codes, legend: { kind: "ramp", low: formatSeconds(low), high: formatSeconds(high), note: "Logarithmic, from the 2nd to the 98th percentile." } };
    }
  }
}

const FOREVER_S = 1e6;
const BEST_QUALITY = 3;

function counted(map: MapColumns, keyOf: (i: number) => number, entryOf: (key: number) => Omit<LegendEntry, "n">): { codes: Uint8Array; legend: Legend } {
  const counts = new Map<number, number>();
  const codes = new Uint8Array(map.n);
  for (let i = 0; i < map.n; i += 1) {
    const key = keyOf(i);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    codes[i] = hueCode(key);
  }
  const keys = [...counts.keys()].sort((a, b) => (a < 0 ? 1 : b < 0 ? -1 : a - b));
  return { codes, legend: { kind: "entries", entries: keys.map((key) => ({ ...entryOf(key), n: counts.get(key)! })) } };
}

/** By action, and what has none by its cluster: the groups of the whole program. */
function byGroup(map: MapColumns): { codes: Uint8Array; legend: Legend } {
  const colours = new Map(map.actions.map(({ id, colour }) => [id, colour]));
  const ofAction = new Map<number, number>();
  const ofCluster = new Map<number, { n: number; actions: Set<number> }>();
  const codes = new Uint8Array(map.n);
  for (let i = 0; i < map.n; i += 1) {
    const [action, cluster] = [map.action[i]!, map.cluster[i]!];
    const here = ofCluster.get(cluster) ?? { n: 0, actions: new Set() };
    ofCluster.set(cluster, here);
    if (action < 0) here.n += 1;
    else {
      here.actions.add(action);
      ofAction.set(action, (ofAction.get(action) ?? 0) + 1);
    }
    codes[i] = hueCode(action < 0 ? cluster : (colours.get(action) ?? cluster));
  }
  const named = map.actions.filter(({ id }) => ofAction.has(id)).map(({ id, name, colour }): LegendEntry => ({ name, colour, n: ofAction.get(id)!, select: `action:${id}` }));
  const unnamed = [...ofCluster].filter(([, { n }]) => n > 0).sort(([a], [b]) => (a < 0 ? 1 : b < 0 ? -1 : a - b));
  return {
    codes,
    legend: {
      kind: "entries",
      entries: [
        ...named,
        ...unnamed.map(([cluster, { n, actions }]): LegendEntry => ({
          name: cluster < 0 ? "No cluster" : `Cluster ${cluster + 1}`,
          colour: cluster,
          n,
          // Without those that a person moved to an action.
          select: cluster < 0 ? null : [`cluster:${cluster}`, ...[...actions].sort((a, b) => a - b).map((action) => `action:${action}`)].join("*"),
        })),
      ],
    },
  };
}

/** What the group of a point is called, and its place in the palette. */
export function groupOf(map: MapColumns, point: number): { name: string; colour: number | null } {
  const [id, cluster] = [map.action[point]!, map.cluster[point]!];
  const action = id < 0 ? undefined : map.actions.find((one) => one.id === id);
  if (action) return { name: action.name, colour: action.colour };
  return cluster < 0 ? { name: "No cluster", colour: null } : { name: `Cluster ${cluster + 1}`, colour: cluster };
}
