import { expect, test } from "vitest";
import { NONE, RAMP, RAMP_STEPS } from "../../components/scatter/colours";
import { mapOf } from "../../testing/map";
import { colouring, colouringFrom, groupOf } from "./colouring";

const map = mapOf(
  [
    { cluster: 1, action: 7, quality: 3 },
    { cluster: 0 },
    { cluster: 0, action: 7, video: 2, quality: 0 },
    { cluster: -1, end_s: 60 },
  ],
  {
    actions: [{ id: 7, name: "press", colour: 4 }],
    videos: [
      { id: 1, title: "front.mp4" },
      { id: 2, title: "side.mp4" },
    ],
  },
);

test("by action, and by cluster what has none", () => {
  const { codes, legend } = colouring(map, "action");
  expect([...codes]).toEqual([4, 0, 4, NONE]);
  expect(legend).toEqual({
    kind: "entries",
    entries: [
      { name: "press", colour: 4, n: 2, select: "action:7" },
      { name: "Cluster 1", colour: 0, n: 1, select: "cluster:0*action:7" },
      { name: "No cluster", colour: -1, n: 1, select: null },
    ],
  });
});

test("by cluster and by video", () => {
  expect([...colouring(map, "cluster").codes]).toEqual([1, 0, 0, NONE]);
  const { codes, legend } = colouring(map, "video");
  expect([...codes]).toEqual([0, 0, 1, 0]);
  expect(legend.kind === "entries" && legend.entries.map(({ name, n, select }) => [name, n, select])).toEqual([
    ["front.mp4", 3, "lane:1,0,1000000"],
    ["side.mp4", 1, "lane:2,0,1000000"],
  ]);
});

test("by quality and by duration, grey what has none", () => {
  expect([...colouring(map, "quality").codes]).toEqual([RAMP + RAMP_STEPS - 1, NONE, RAMP, NONE]);
  const { codes } = colouring(map, "duration");
  expect(codes[0]).toBe(RAMP);
  expect(codes[3]).toBe(RAMP + RAMP_STEPS - 1);
  expect(colouring(mapOf([]), "duration").codes).toHaveLength(0);
});

test("the group of a point has the name it has everywhere", () => {
  expect([0, 1, 3].map((point) => groupOf(map, point))).toEqual([
    { name: "press", colour: 4 },
    { name: "Cluster 1", colour: 0 },
    { name: "No cluster", colour: null },
  ]);
});

test("an unknown colouring in an address is the usual one", () => {
  expect([null, "nonsense", "toString", "video"].map(colouringFrom)).toEqual(["action", "action", "action", "video"]);
});
