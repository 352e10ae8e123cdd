import type { CSSProperties } from "react";
import { clusterColour, isHatched } from "../lib/palette";

export function ClusterSwatch({ cluster }: { cluster: number | null }) {
  const hatched = cluster !== null && isHatched(cluster);
  return (
    <span
      className={hatched ? "swatch hatched" : "swatch"}
      style={{ "--swatch": clusterColour(cluster) } as CSSProperties}
      aria-hidden="true"
    />
  );
}
