import { useState } from "react";
import type { Transitions } from "../../api/types";
import { clusterColour } from "../../lib/palette";
import { formatSeconds } from "../../lib/time";
import { formatShare, plural } from "../../lib/words";
import { layOut, SIZE } from "./layout";

interface TransitionGraphProps {
  flow: Transitions;
  threshold: number;
}

const SHORT = 14;
const LABELLED = 40; // more names than that lie over each other: the pointed one shows, the matrix has all

/** What follows what, as arrows: the thicker, the likelier. The matrix beside it says the same in figures. */
export function TransitionGraph({ flow, threshold }: TransitionGraphProps) {
  const [pointed, setPointed] = useState<string | null>(null);
  const { nodes, edges } = layOut(flow, threshold);
  const names = new Map(flow.groups.map(({ key, name }) => [key, name]));
  const faint = (from: string, to: string) => pointed !== null && pointed !== from && pointed !== to;
  return (
    <svg className="flow-graph" viewBox={`-110 0 ${SIZE + 220} ${SIZE}`} role="img" aria-label={`${plural(edges.length, "transition")} between ${plural(nodes.length, "group")}; the matrix has the figures`}>
      <defs>
        <marker id="flow-arrow" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">
          <path d="M0 0.5 L8 4 L0 7.5 Z" fill="context-stroke" />
        </marker>
      </defs>
      {edges.map((edge) => (
        <path
          key={edge.key}
          d={edge.path}
          fill="none"
          stroke={clusterColour(nodes.find(({ key }) => key === edge.from)!.colour)}
          strokeWidth={edge.width}
          opacity={faint(edge.from, edge.to) ? 0.08 : 0.35 + 0.6 * edge.probability}
          markerEnd="url(#flow-arrow)"
        >
          <title>{`${names.get(edge.from)} → ${names.get(edge.to)}: ${edge.count} times, ${formatShare(edge.probability)}, ${formatSeconds(edge.meanGapS)} between`}</title>
        </path>
      ))}
      {nodes.map((node) => (
        <g key={node.key} onPointerEnter={() => setPointed(node.key)} onPointerLeave={() => setPointed(null)} opacity={pointed !== null && pointed !== node.key ? 0.55 : 1}>
          <circle cx={node.x} cy={node.y} r={node.radius} fill={clusterColour(node.colour)} stroke="var(--surface)" strokeWidth="2" />
          <title>{node.name}</title>
          {(nodes.length <= LABELLED || node.key === pointed) && (
            <text x={node.labelX} y={node.labelY} textAnchor={node.anchor}>
              {node.name.length > SHORT ? `${node.name.slice(0, SHORT - 1)}…` : node.name}
            </text>
          )}
        </g>
      ))}
    </svg>
  );
}
