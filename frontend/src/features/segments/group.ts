import type { Segment } from "../../api/types";

/** What a primitive counts as: its action, else its cluster. */
export interface Group {
  /** Its place in the palette; null: grey, no cluster yet. */
  colour: number | null;
  name: string | null;
}

export function groupOf({ action, cluster }: Pick<Segment, "action" | "cluster">): Group {
  return {
    colour: action?.colour ?? cluster,
    name: action?.name ?? (cluster === null ? null : `Cluster ${cluster + 1}`),
  };
}

/** As little as tells one group from another where there is no room for "Cluster 3". */
export const shortName = ({ action, cluster }: Pick<Segment, "action" | "cluster">): string | undefined =>
  action?.name ?? (cluster === null ? undefined : String(cluster + 1));
