import { useMemo, type ReactNode } from "react";
import { hueCode } from "./colours";
import { PointMap } from "./PointMap";

interface ScatterProps {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** Colour: a cluster's index a point, or -1. */
  cluster: ArrayLike<number>;
  /** Others are faded while one is lit. */
  lit: number | null;
  /** Position of the point that is selected, or -1. */
  selected: number;
  label: string;
  onPick: (point: number) => void;
  /** What to show beside the point under the pointer. */
  preview: (point: number) => ReactNode;
}

/** The point map coloured by cluster, for looking and picking. */
export function Scatter({ cluster, lit, selected, ...rest }: ScatterProps) {
  const codes = useMemo(() => Uint8Array.from(cluster, hueCode), [cluster]);
  const front = useMemo(() => {
    if (lit === null) return null;
    const points: number[] = [];
    for (let i = 0; i < cluster.length; i += 1) if (cluster[i] === lit) points.push(i);
    return Uint32Array.from(points);
  }, [cluster, lit]);
  return <PointMap codes={codes} front={front} marked={selected} {...rest} />;
}
