import type { Entry } from "./session";

const OLDEST_MS = 12 * 3600_000;
const MOST = 100;

/**
 * What one has judged at a queue, kept by this browser: who comes back can go back, and an answer the server never got
 * is sent then. Under the reviewer's name, since another may sign in here.
 */
export function readKept(user: number, run: number, queue: string): Entry[] {
  try {
    const kept = JSON.parse(localStorage.getItem(nameOf(user, run, queue)) ?? "null") as { at: number; past: Entry[] } | null;
    if (kept === null || !Array.isArray(kept.past)) return [];
    return Date.now() - kept.at < OLDEST_MS ? kept.past : kept.past.filter((entry) => entry.sent < entry.changes);
  } catch {
    return [];
  }
}

export function keep(user: number, run: number, queue: string, past: readonly Entry[]): void {
  const unsent = past.slice(0, -MOST).filter((entry) => entry.sent < entry.changes);
  try {
    localStorage.setItem(nameOf(user, run, queue), JSON.stringify({ at: Date.now(), past: [...unsent, ...past.slice(-MOST)] }));
  } catch {
    // Storage is blocked or full: it holds for this visit.
  }
}

const nameOf = (user: number, run: number, queue: string): string => `kineme-review:${user}:${run}:${queue}`;
