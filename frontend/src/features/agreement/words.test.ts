import { expect, test } from "vitest";
import { decimals, interval, signed, whyNoAlpha } from "./words";

const alpha = { alpha: null, low: null, high: null, n_units: 0, n_ratings: 0 };

test("no alpha says why", () => {
  expect(whyNoAlpha(alpha, "rated")).toBe("Not computable yet: no primitive has been rated by two people.");
  expect(whyNoAlpha({ ...alpha, n_units: 3, n_ratings: 6 }, "rated")).toContain("all 6 of them are the same");
  expect(whyNoAlpha({ ...alpha, alpha: 0, low: 0, high: 0 }, "rated")).toBeNull();
});

test("figures have a true minus, and nothing is no number", () => {
  expect(decimals(-0.456)).toBe("−0.46");
  expect(decimals(-0.001)).toBe("0.00");
  expect(signed(0.5)).toBe("+0.50");
  expect(signed(-0.5)).toBe("−0.50");
  expect(decimals(null)).toBe("–");
  expect(interval({ low: -0.1, high: 0.9 })).toBe("−0.10 to 0.90");
  expect(interval({ low: null, high: null })).toBe("");
});
