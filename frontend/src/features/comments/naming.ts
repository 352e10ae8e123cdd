import type { Person } from "../../api/types";

/** What is being typed behind an @ at the caret: where it begins and how far it has come; null where there is none. */
export function naming(text: string, caret: number): { from: number; typed: string } | null {
  const found = /(?:^|[^\w.+@-])@([\w.+@-]*)$/.exec(text.slice(0, caret));
  return found ? { from: caret - found[1]!.length - 1, typed: found[1]!.toLowerCase() } : null;
}

const MOST = 6;

export function candidates(people: readonly Person[], typed: string): Person[] {
  const fits = (word: string) => word.toLowerCase().includes(typed);
  const begins = (one: Person) => one.username.toLowerCase().startsWith(typed) || one.name.toLowerCase().startsWith(typed);
  return people
    .filter((one) => fits(one.username) || fits(one.name))
    .sort((a, b) => Number(begins(b)) - Number(begins(a)))
    .slice(0, MOST);
}

/** The text with the name put in, and where the caret goes. */
export function named(text: string, caret: number, from: number, username: string): { text: string; caret: number } {
  const before = `${text.slice(0, from)}@${username} `;
  return { text: before + text.slice(caret).replace(/^ /, ""), caret: before.length };
}

/** Pieces of a text: what names somebody who was told, and the rest, which is text. */
export function pieces(text: string, mentions: readonly string[]): { text: string; isName: boolean }[] {
  if (mentions.length === 0) return [{ text, isName: false }];
  const names = [...mentions].sort((a, b) => b.length - a.length).map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text.split(new RegExp(`(?<![\\w.+@-])(@(?:${names.join("|")}))(?![\\w+@-])`, "gi")).flatMap((part, i) => (part === "" ? [] : [{ text: part, isName: i % 2 === 1 }]));
}
