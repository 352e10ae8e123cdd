import { expect, test } from "vitest";
import type { Transitions } from "../../api/types";
import { layOut, orderOf, SIZE } from "./layout";

const group = (key: string, n_segments = 1) => ({ key, name: key, colour: 0, n_segments, total_s: 1 });
const step = (group: string, follows: string, count: number, probability = 1) => ({ group, follows, count, probability, mean_gap_s: 0.5 });
const flow = (change: Partial<Transitions>): Transitions => ({ groups: [], transitions: [], n_videos: 1, ...change });

test("groups stand in the order in which they follow one another", () => {
  const made = flow({ groups: [group("a", 9), group("b"), group("c"), group("d")], transitions: [step("a", "c", 5), step("a", "b", 2), step("c", "b", 4), step("b", "a", 3)] });
  expect(orderOf(made)).toEqual(["a", "c", "b", "d"]);
  expect(orderOf(flow({}))).toEqual([]);
});

test("what is less likely than the threshold is not drawn; there and back are two lines, and a repeat is a loop", () => {
  const made = flow({ groups: [group("a"), group("b")], transitions: [step("a", "b", 2, 0.5), step("b", "a", 1, 0.4), step("a", "a", 1, 0.5), step("b", "b", 1, 0.01)] });
  const { nodes, edges } = layOut(made, 0.1);
  expect(edges.map(({ key }) => key)).toEqual(["a b", "b a", "a a"]);
  expect(edges[0]!.path).not.toBe(edges[1]!.path);
  expect(edges[2]!.path).toContain("C");
  expect(edges[0]!.width).toBeGreaterThan(edges[1]!.width);
  for (const { x, y } of nodes) for (const value of [x, y]) expect(Math.abs(value - SIZE / 2)).toBeLessThan(SIZE / 2);
});

test("twenty groups do not lie on top of one another", () => {
  const keys = Array.from({ length: 20 }, (_, i) => `g${i}`);
  const { nodes } = layOut(flow({ groups: keys.map((key) => group(key, 5)) }), 0);
  for (const [i, a] of nodes.entries())
    for (const b of nodes.slice(i + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(a.radius + b.radius);
});
