import type { Action, ActionEdit } from "../../api/types";
import { HUES, hueOf, isHatched } from "../../lib/palette";

/** The manipulation primitives of LA4VLA §4.2. */
export const TAXONOMY = [
  "grasp", "place", "lift", "lower", "transport", "wrist_rotate", "reorient", "push", "pull", "press", "move", "rotate_free", "reorient_free", "wait",
] as const satisfies readonly Action["primitive"][];

export const FIELDS = [
  ["subject", "Subject", "right hand"],
  ["verb", "Verb", "press"],
  ["object", "Object", "lever"],
] as const;

/** What the form holds of an action. */
export interface ActionDraft {
  name: string;
  description: string;
  subject: string;
  verb: string;
  object: string;
  primitive: Action["primitive"];
  colour: number;
  digit: number | null;
  examples: number[];
}

export const draftOf = ({ name, description, subject, verb, object, primitive, colour, digit, examples }: Action): ActionDraft => ({
  name, description, subject, verb, object, primitive, colour, digit, examples,
});

/** The fields that differ, as they are now. Ends of a line of text do not count. */
export function changedIn(seen: ActionDraft, draft: ActionDraft): ActionEdit {
  const trimmed = (value: unknown) => (typeof value === "string" ? value.trim() : value);
  const names = Object.keys(seen) as (keyof ActionDraft)[];
  const changed = names.filter((name) => JSON.stringify(trimmed(draft[name])) !== JSON.stringify(seen[name]));
  return Object.fromEntries(changed.map((name) => [name, trimmed(draft[name])]));
}

/** The palette repeats: 27 looks like 15. */
export const shownColour = (colour: number): number => hueOf(colour) + (isHatched(colour) ? HUES : 0);

/** Said before it is done: who loses the key, and what they get. Null where nobody does. */
export function whatHappensToKey(had: number | null, wanted: number | null, others: readonly Pick<Action, "name" | "digit">[]): string | null {
  if (wanted === null || wanted === had) return null;
  const holder = others.find(({ digit }) => digit === wanted);
  if (!holder) return null;
  return had === null ? `“${holder.name}” has the key ${wanted} now and will have none.` : `“${holder.name}” has the key ${wanted} now and gets ${had} for it.`;
}
