import { expect, test } from "vitest";
import { countFilters, filtersFrom, NO_FILTERS, withFilters, type SimilarFilters } from "./filters";

test("filters go into the address and come back the same", () => {
  const filters: SimilarFilters = {
    scope: "project",
    video: 3,
    cluster: 0,
    minDurationS: 0.5,
    maxDurationS: 4,
    excludeSameVideo: true,
  };
  const params = withFilters(new URLSearchParams("run=7&t=1.5"), filters);
  expect(filtersFrom(params)).toEqual(filters);
  expect(params.get("run")).toBe("7");
  expect(params.get("t")).toBe("1.5");
});

test("no filters leave no trace", () => {
  const params = withFilters(new URLSearchParams("segment=4&in=project&of=2&other=1"), NO_FILTERS);
  expect(params.toString()).toBe("segment=4");
});

test("nonsense in an address filters nothing", () => {
  expect(filtersFrom(new URLSearchParams("in=universe&from=x&of=-1&min=&max=NaN&other=yes"))).toEqual(NO_FILTERS);
});

test("cluster 0 counts as a filter", () => {
  expect(countFilters({ ...NO_FILTERS, cluster: 0 })).toBe(1);
});
