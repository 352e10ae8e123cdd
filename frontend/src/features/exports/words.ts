import type { DatasetExport, ExportPreview } from "../../api/types";
import { formatSpan } from "../../lib/time";
import { formatCount, plural } from "../../lib/words";

type Options = DatasetExport["options"];

const percent = (share: number): string => String(Math.round(share * 100));

/** What was asked for, in words; `names` are those of actions, where they are known. */
export function filterWords(options: Options, names: ReadonlyMap<number, string> = new Map()): string {
  const said = [options.min_quality > 0 ? `quality ${options.min_quality} or more` : "any quality"];
  if (options.include_unrated) said.push("also unrated");
  if (options.max_spread !== null) said.push(options.max_spread === 0 ? "full agreement" : `reviewers at most ${options.max_spread} apart`);
  if (options.actions !== null) {
    const known = options.actions.map((id) => names.get(id)).filter((name) => name !== undefined);
    said.push(known.length === options.actions.length && known.length <= 3 ? known.join(", ") : `only ${plural(options.actions.length, "action")}`);
  }
  if (options.unnamed) said.push("also without a name");
  return said.join(" · ");
}

export function splitWords({ split }: Options): string {
  return `${percent(split.train)} / ${percent(split.val)} / ${percent(split.test)} by video`;
}

/** "180 primitives of 6 actions in 4 videos, 12 min". */
export function previewWords(found: ExportPreview): string {
  return `${plural(found.n_segments, "primitive")} of ${plural(found.n_actions, "action")} in ${plural(found.n_videos, "video")}, ${formatSpan(found.seconds)}`;
}

/** What stays out, and why; empty where nothing does. */
export function leftOutWords(found: ExportPreview): string {
  const reasons: [number, string][] = [
    [found.unrated, "not rated yet"],
    [found.below_quality, "of lower quality"],
    [found.disagreed, "disputed"],
    [found.unnamed, "without a name"],
    [found.other_actions, "of other actions"],
  ];
  const told = reasons.filter(([n]) => n > 0).map(([n, why]) => `${formatCount(n)} ${why}`);
  return told.length > 0 ? `Left out of ${formatCount(found.total)}: ${told.join(", ")}.` : "";
}
