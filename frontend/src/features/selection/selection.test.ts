import { expect, test } from "vitest";
import { mapOf } from "../../testing/map";
import { combined, isOutdated, lassoText, LONGEST, MOST_CORNERS, parseSelection, rectText, selectPoints, setsIn, type Corner } from "./selection";

/** Five in a row at x = 0 … 4. */
const map = mapOf([
  { id: 10, cluster: 0, action: 7, start_s: 0, end_s: 2 },
  { id: 11, cluster: 0, start_s: 2, end_s: 4 },
  { id: 12, cluster: 1, action: 7, start_s: 4, end_s: 6 },
  { id: 13, cluster: 3, video: 2, start_s: 0, end_s: 2 },
  { id: 14, cluster: -1, video: 2, start_s: 2, end_s: 9 },
]);
const found = (text: string, sets?: Map<number, number[]>) => {
  const points = selectPoints(text, map, sets);
  return points === null ? null : Array.from(points, (point) => map.ids[point]);
};

test.each([
  ["ids:12,10,999", [10, 12]],
  ["ids:", []],
  ["cluster:0", [10, 11]],
  ["cluster:9", []],
  ["action:7", [10, 12]],
  ["rect:0.5,-1,3.5,1", [11, 12, 13]],
  ["rect:3.5,1,0.5,-1", [11, 12, 13]],
  ["lasso:-0.5,-1;1.5,-1;1.5,1;-0.5,1", [10, 11]],
  ["lane:1,1,4", [10, 11]], // the first by exactly half
  ["lane:1,1.01,4", [11]],
  ["lane:2,2,4", []], // two seconds of seven
  ["set:5", []],
  ["cluster:0_ids:14", [10, 11, 14]],
  ["cluster:0*ids:10", [11]],
  ["cluster:0*ids:10_ids:10", [10, 11]],
])("%s means %j", (text, ids) => expect(found(text)).toEqual(ids));

test("a set is its primitives, those that are gone passed over", () => {
  expect(found("set:5", new Map([[5, [13, 999, 11]]]))).toEqual([11, 13]);
  expect(setsIn("set:5_ids:3*set:6")).toEqual([5, 6]);
  expect(setsIn(null)).toEqual([]);
});

test.each(["", "ids", "ids:1;2", "ids:-1", "ids:1.5", "ids:1,,2", "set:", "set:1,2", "rect:1,2,3", "rect:1,2,3,x", "lasso:1,2;3,4", "lasso@umap:1,2;3,4;5,6", "ids@pca:1", "cluster:0_", "*ids:1", "nonsense:1", "lane:1,NaN,2", `ids:${"1,".repeat(LONGEST)}1`])(
  "%s selects nothing",
  (text) => expect(parseSelection(text)).toBeNull(),
);

test("more than 200 single primitives, or 64 corners, are refused", () => {
  expect(parseSelection(`ids:${Array.from({ length: 201 }, (_, i) => i).join(",")}`)).toBeNull();
  expect(parseSelection(`lasso:${Array.from({ length: 65 }, (_, i) => `${i},${i % 2}`).join(";")}`)).toBeNull();
});

test("what was drawn on PCA does not hold on UMAP", () => {
  expect(found("rect@pca:0.5,-1,3.5,1")).toEqual([]);
  expect(isOutdated("rect@pca:0.5,-1,3.5,1", "umap")).toBe(true);
  expect(isOutdated("rect@pca:0.5,-1,3.5,1", "pca")).toBe(false);
  expect(isOutdated("cluster:3", "pca")).toBe(false);
});

const circle = (n: number, radius: number, x = 0, y = 0): Corner[] =>
  Array.from({ length: n }, (_, i) => [x + radius * Math.cos((2 * Math.PI * i) / n), y + radius * Math.sin((2 * Math.PI * i) / n)]);

test("a lasso drawn by hand is told in at most 64 corners, and still means what it enclosed", () => {
  const drawn = circle(500, 2).map(([x, y], i): Corner => [x + 0.02 * Math.sin(i * 7), y + 0.02 * Math.cos(i * 5)]);
  const text = lassoText(drawn, "umap");
  const [step] = parseSelection(text)!;
  expect(step!.term.kind === "lasso" && step!.term.corners.length).toBeLessThanOrEqual(MOST_CORNERS);
  const dots = mapOf(Array.from({ length: 2000 }, (_, i) => ({ x: (i % 50) / 8 - 3, y: Math.floor(i / 50) / 6 - 3 })));
  const inside = Array.from(selectPoints(text, dots)!);
  for (let i = 0; i < dots.n; i += 1) {
    const from = Math.hypot(dots.x[i]!, dots.y[i]!);
    if (from < 1.9) expect(inside).toContain(i);
    if (from > 2.1) expect(inside).not.toContain(i);
  }
});

test("a small lasso far from the origin keeps its shape", () => {
  const text = lassoText(circle(40, 0.001, 12.3456, -7.6543), "pca");
  expect(text).toMatch(/^lasso@pca:/);
  const [step] = parseSelection(text)!;
  if (step!.term.kind !== "lasso") throw new Error("no lasso");
  for (const [x, y] of step!.term.corners) expect(Math.hypot(x - 12.3456, y + 7.6543)).toBeCloseTo(0.001, 5);
});

test("a rectangle is written from its low corner", () => {
  expect(rectText([3, 1], [-1.23456, 0.5], "umap")).toBe("rect:-1.2346,0.5,3,1");
});

test("terms are joined; single primitives stay one list", () => {
  expect(combined(null, "cluster:1", "add")).toBe("cluster:1");
  expect(combined(null, "cluster:1", "remove")).toBeNull();
  expect(combined("cluster:1", "ids:5", "add")).toBe("cluster:1_ids:5");
  expect(combined("cluster:1", "ids:5", "remove")).toBe("cluster:1*ids:5");
  expect(combined("ids:1,2", "ids:3", "add")).toBe("ids:1,2,3");
  expect(combined("ids:1,2", "ids:2", "remove")).toBe("ids:1");
  expect(combined("ids:1,2", "rect:0,0,1,1", "replace")).toBe("rect:0,0,1,1");
  expect(combined("x".repeat(LONGEST), "rect:0,0,1,1", "add")).toBeNull();
});

test("a lasso holds its share of 100,000 points", () => {
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const many = mapOf(Array.from({ length: 100_000 }, () => ({ x: random() * 4 - 2, y: random() * 4 - 2 })));
  const text = lassoText(circle(300, 1.9), "umap");
  const points = selectPoints(text, many)!;
  expect(points.length / 100_000).toBeCloseTo((Math.PI * 1.9 ** 2) / 16, 1);
});
