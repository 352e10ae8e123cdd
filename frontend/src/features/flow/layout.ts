import type { Transitions } from "../../api/types";

export interface Node {
  key: string;
  name: string;
  colour: number;
  x: number;
  y: number;
  /** Where its name goes. */
  labelX: number;
  labelY: number;
  anchor: "start" | "middle" | "end";
  radius: number;
}

export interface Edge {
  key: string;
  from: string;
  to: string;
  count: number;
  probability: number;
  meanGapS: number;
  path: string;
  width: number;
}

export const SIZE = 640;
const RING = 208;
const CENTRE = SIZE / 2;

/** On a ring in the order in which one tends to follow the other, so that the usual way runs around it. */
export function orderOf({ groups, transitions }: Transitions): string[] {
  const left = new Set(groups.map(({ key }) => key));
  const order: string[] = [];
  let here = groups[0]?.key;
  while (here !== undefined) {
    order.push(here);
    left.delete(here);
    const from: string = here;
    here =
      transitions.filter(({ group, follows }) => group === from && left.has(follows)).reduce((best: { follows: string; count: number } | null, one) => (!best || one.count > best.count ? one : best), null)
        ?.follows ?? [...left][0];
  }
  return order;
}

export function layOut(flow: Transitions, threshold: number): { nodes: Node[]; edges: Edge[] } {
  const order = orderOf(flow);
  const byKey = new Map(flow.groups.map((group) => [group.key, group]));
  const most = Math.max(1, ...flow.groups.map(({ n_segments }) => n_segments));
  const nodes = order.map((key, i): Node => {
    const angle = (i / order.length) * 2 * Math.PI - Math.PI / 2;
    const group = byKey.get(key)!;
    const radius = 7 + 11 * Math.sqrt(group.n_segments / most);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const out = RING + radius + 30;
    return {
      key,
      name: group.name,
      colour: group.colour,
      x: CENTRE + RING * cos,
      y: CENTRE + RING * sin,
      labelX: CENTRE + out * cos,
      labelY: CENTRE + out * sin + 4,
      anchor: cos > 0.25 ? "start" : cos < -0.25 ? "end" : "middle",
      radius,
    };
  });
  const at = new Map(nodes.map((node) => [node.key, node]));
  const edges = flow.transitions
    .filter(({ probability }) => probability >= threshold)
    .map(({ group, follows, count, probability, mean_gap_s }): Edge => {
      const width = 0.75 + 6 * probability;
      return { key: `${group} ${follows}`, from: group, to: follows, count, probability, meanGapS: mean_gap_s, width, path: pathOf(at.get(group)!, at.get(follows)!, width) };
    });
  return { nodes, edges };
}

/** From rim to rim, bent to its right, so that there and back are two lines; to itself, a loop outwards. */
function pathOf(a: Node, b: Node, width: number): string {
  const f = (value: number) => value.toFixed(1);
  if (a === b) {
    const [dx, dy] = [(a.x - CENTRE) / RING, (a.y - CENTRE) / RING];
    const [sx, sy] = [-dy, dx];
    const out = a.radius + 26;
    const point = (o: number, s: number) => `${f(a.x + dx * o + sx * s)} ${f(a.y + dy * o + sy * s)}`;
    return `M${point(a.radius * 0.7, -a.radius * 0.7)} C${point(out, -16)} ${point(out, 16)} ${point(a.radius * 0.7 + 4, a.radius * 0.7 + 3)}`;
  }
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const bend = 0.16 * length;
  const [mx, my] = [(a.x + b.x) / 2 - uy * bend, (a.y + b.y) / 2 + ux * bend];
  const start = towards(a, mx, my, a.radius + 1);
  const end = towards(b, mx, my, b.radius + 4 + width);
  return `M${f(start.x)} ${f(start.y)} Q${f(mx)} ${f(my)} ${f(end.x)} ${f(end.y)}`;
}

function towards(from: { x: number; y: number }, x: number, y: number, by: number): { x: number; y: number } {
  const length = Math.hypot(x - from.x, y - from.y) || 1;
  return { x: from.x + ((x - from.x) / length) * by, y: from.y + ((y - from.y) / length) * by };
}
