import type { Schemas } from "../../api/client";
import type { AskExport } from "../../api/types";
import type { Kind } from "./kinds";

interface Settings {
  lerobot: Schemas["LerobotSettings"];
  language_action: Schemas["LanguageActionSettings"];
  webdataset: Schemas["WebdatasetSettings"];
  activitynet: Schemas["ActivitynetSettings"];
  laps: Schemas["LapsSettings"];
}

/** What the dialog holds: texts as they are typed, so that a field can be empty for a moment. */
export interface Draft {
  version: number;
  kind: Kind;
  minQuality: string;
  includeUnrated: boolean;
  maxSpread: string;
  actions: readonly number[] | null;
  unnamed: boolean;
  train: string;
  val: string;
  test: string;
  seed: string;
  settings: Settings;
}

export const firstDraft = (version: number): Draft => ({
  version,
  kind: "lerobot",
  minQuality: "2",
  includeUnrated: false,
  maxSpread: "",
  actions: null,
  unnamed: false,
  train: "80",
  val: "10",
  test: "10",
  seed: "0",
  settings: {
    lerobot: { episode: "primitive", action: "coordinates", long_side_px: 640 },
    language_action: { layout: "v3", vectors: "coordinates", drop_objects: true },
    webdataset: { shard_mb: 500, long_side_px: 640 },
    activitynet: { label: "name" },
    laps: { quantized: false, long_side_px: null },
  },
});

/** What of a draft does not hold for another version, which has other actions. */
export const ofAnotherVersion = ({ settings }: Draft): Pick<Draft, "actions" | "settings"> => ({
  actions: null,
  settings: { ...settings, lerobot: { ...settings.lerobot, cycle_action: null } },
});

/** What is wrong with a draft before anybody is asked; null: nothing. */
export function wrongWith(draft: Draft): string | null {
  const shares = [draft.train, draft.val, draft.test].map(Number);
  if (draft.minQuality.trim() === "" || !(Number(draft.minQuality) >= 0 && Number(draft.minQuality) <= 3)) return "Quality goes from 0 to 3.";
  if (shares.some((share) => !Number.isInteger(share) || share < 0)) return "Shares are whole percentages.";
  if (shares[0]! + shares[1]! + shares[2]! !== 100) return `The shares add up to ${shares[0]! + shares[1]! + shares[2]!} %, not 100 %.`;
  if (!/^\d{1,9}$/.test(draft.seed)) return "The seed is a whole number.";
  if (draft.actions?.length === 0) return "Choose at least one action.";
  return null;
}

/** The request of a draft that nothing is wrong with. */
export function requestOf(draft: Draft): AskExport {
  return {
    version: draft.version,
    kind: draft.kind,
    options: {
      min_quality: Number(draft.minQuality),
      include_unrated: draft.includeUnrated,
      max_spread: draft.maxSpread === "" ? null : Number(draft.maxSpread),
      actions: draft.actions === null ? null : [...draft.actions].sort((a, b) => a - b),
      unnamed: draft.unnamed,
      split: {
        train: Number(draft.train) / 100,
        val: Number(draft.val) / 100,
        test: Number(draft.test) / 100,
        seed: Number(draft.seed),
      },
      settings: draft.settings[draft.kind],
    },
  };
}
