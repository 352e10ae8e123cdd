import { expect, test } from "vitest";
import { countFilters, filtersFrom, NO_FILTERS, subjectFrom, writeFilters, type Filters } from "./address";

test("the address says what is searched by", () => {
  expect(subjectFrom(new URLSearchParams("like=7"))).toEqual({ kind: "segment", id: 7 });
  expect(subjectFrom(new URLSearchParams("run=1&video=2&from=3.5&to=4"))).toEqual({ kind: "range", run: 1, video: 2, fromS: 3.5, toS: 4 });
  const id = "0a1b2c3d-0000-4000-8000-000000000000";
  expect(subjectFrom(new URLSearchParams(`example=${id}`))).toEqual({ kind: "example", id });
});

test("nonsense is nothing to search by, and no filter", () => {
  for (const query of ["", "like=x", "run=1&video=2&from=4&to=4", "example=../etc", "run=1&from=0&to=1"])
    expect(subjectFrom(new URLSearchParams(query))).toBeNull();
  expect(filtersFrom(new URLSearchParams("runs=a,b&in=x&min=-1&max=huge&since=soon&other=yes"))).toEqual(NO_FILTERS);
});

test("filters come back from the address as they went in, and leave the rest of it alone", () => {
  const filters: Filters = {
    runs: [3, 4],
    video: 5,
    view: "left wrist",
    cluster: 0,
    action: 6,
    minDurationS: 0.5,
    maxDurationS: 2,
    minQuality: 1.5,
    dateFrom: "2026-01-01",
    dateTo: "2026-02-01",
    otherVideos: true,
  };
  const params = new URLSearchParams("run=1&video=2&from=3&to=4");
  writeFilters(params, filters);
  expect(filtersFrom(params)).toEqual(filters);
  expect(subjectFrom(params)?.kind).toBe("range");
  expect(countFilters(filters)).toBe(11);
  writeFilters(params, NO_FILTERS);
  expect(params.toString()).toBe("run=1&video=2&from=3&to=4");
});
