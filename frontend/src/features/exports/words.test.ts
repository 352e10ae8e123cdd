import { expect, test } from "vitest";
import { datasetExport, exportPreview } from "../../testing/fixtures";
import { firstDraft, requestOf, wrongWith } from "./draft";
import { folderOf, KINDS, snippetOf } from "./kinds";
import { filterWords, leftOutWords, previewWords, splitWords } from "./words";

const { options } = datasetExport();

test("a filter is told in words", () => {
  expect(filterWords(options)).toBe("quality 2 or more");
  expect(filterWords({ ...options, min_quality: 0, include_unrated: true, max_spread: 1, unnamed: true })).toBe(
    "any quality · also unrated · reviewers at most 1 apart · also without a name",
  );
  expect(filterWords({ ...options, actions: [11, 12] }, new Map([[11, "press"], [12, "grasp"]]))).toBe("quality 2 or more · press, grasp");
  expect(filterWords({ ...options, actions: [11, 12] })).toBe("quality 2 or more · only 2 actions");
  expect(splitWords(options)).toBe("80 / 10 / 10 by video");
});

test("a preview says what it would hold, and what stays out", () => {
  expect(previewWords(exportPreview())).toBe("180 primitives of 6 actions in 4 videos, 12 min");
  expect(leftOutWords(exportPreview())).toBe("Left out of 240: 40 not rated yet, 20 of lower quality.");
  expect(leftOutWords(exportPreview({ unrated: 0, below_quality: 0 }))).toBe("");
});

test("a draft becomes a request with everything said", () => {
  const draft = { ...firstDraft(3), kind: "laps" as const, actions: [12, 11], maxSpread: "0" };
  expect(wrongWith(draft)).toBeNull();
  expect(requestOf(draft)).toEqual({
    version: 3,
    kind: "laps",
    options: {
      min_quality: 2,
      include_unrated: false,
      max_spread: 0,
      actions: [11, 12],
      unnamed: false,
      split: { train: 0.8, val: 0.1, test: 0.1, seed: 0 },
      settings: { quantized: false, long_side_px: null },
    },
  });
});

test.each([
  [{ train: "90" }, "The shares add up to 110 %, not 100 %."],
  [{ train: "" , val: "0.5" }, "Shares are whole percentages."],
  [{ seed: "-1" }, "The seed is a whole number."],
  [{ minQuality: "" }, "Quality goes from 0 to 3."],
  [{ actions: [] }, "Choose at least one action."],
])("a draft that cannot be asked for says why: %o", (change, why) => {
  expect(wrongWith({ ...firstDraft(3), ...change })).toBe(why);
});

test("every kind says how to load what its archive unpacks to", () => {
  for (const { kind } of KINDS) {
    const row = datasetExport({ kind });
    expect(snippetOf(row)).toContain(`tar -xf ${row.filename}`);
    expect(snippetOf(row)).toContain(`${folderOf(row)}`);
  }
  expect(folderOf(datasetExport({ kind: "language_action" }))).toBe("language-action-v3");
});
