import { expect, test } from "vitest";
import { coloured, hueCode, NONE, RAMP, RAMP_STEPS, rampCode } from "./colours";

const palette = { hues: Array.from({ length: 12 }, (_, i) => `#0000${(i + 1).toString(16).padStart(2, "0")}`), noCluster: "#808080" };

test("a hue comes again as a ring, and none is grey", () => {
  const colours = coloured(Uint8Array.from([hueCode(2), hueCode(14), hueCode(-1)]), palette, "dark");
  expect([...colours]).toEqual([0, 0, 3, 255, 0, 0, 3, 0, 128, 128, 128, 255]);
});

test("a ramp goes from its first colour to its last", () => {
  expect([rampCode(0), rampCode(1), rampCode(-3), rampCode(NaN)]).toEqual([RAMP, RAMP + RAMP_STEPS - 1, RAMP, NONE]);
  const colours = coloured(Uint8Array.from([rampCode(0), rampCode(1)]), palette, "dark");
  expect([...colours]).toEqual([0x34, 0x50, 0x7a, 255, 0xfd, 0xf3, 0xb0, 255]);
});
