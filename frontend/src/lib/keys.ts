import { useEffect, useRef, type RefObject } from "react";

export interface KeyBinding {
  /** `event.key` values, as given by the layout: "?" is "?" wherever it sits. */
  keys: readonly string[];
  shift?: boolean;
  /** How the key is written on the sheet. */
  shown: string;
  does: string;
  run: () => void;
}

const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/** Elsewhere a key means what it types; a focused button keeps space and enter for itself, a slider what moves it. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  // Undoing is Z here, and what people type anyway.
  if (event.defaultPrevented || event.altKey || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() !== "z")) return true;
  if (document.querySelector("dialog[open]")) return true;
  if (!target || typeof target.closest !== "function") return false;
  if (target.closest("input[type='range']")) return MOVES.has(event.key);
  if (target.closest("input:is([type='checkbox'], [type='radio'])")) return event.key === " " || MOVES.has(event.key);
  if (target.closest("input, textarea, select, [contenteditable='true']")) return true;
  return (event.key === " " || event.key === "Enter") && target.closest("button, a, summary, [role='tab']") !== null;
}

const held = new Set<RefObject<readonly KeyBinding[]>>();

/** What the keys do here and now, the screen's own before those of what is around it. */
export const keysHere = (): KeyBinding[] => [...held].reverse().flatMap(({ current }) => current);

/** `first`: before the keys of what is around, which may mean something else there; `last`: of the frame, after every screen's. */
export function useKeys(bindings: readonly KeyBinding[], { first = false, last = false }: { first?: boolean; last?: boolean } = {}): void {
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  }, [bindings]);

  useEffect(() => {
    held.add(latest);
    return () => void held.delete(latest);
  }, []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTaken(event)) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const binding = latest.current.find(
        (candidate) => candidate.keys.includes(key) && (candidate.shift === undefined || candidate.shift === event.shiftKey),
      );
      if (!binding) return;
      event.preventDefault();
      binding.run();
    };
    const where: EventTarget = last ? window : document;
    where.addEventListener("keydown", onKey as EventListener, first);
    return () => where.removeEventListener("keydown", onKey as EventListener, first);
  }, [first, last]);
}
