import { useCallback, useState } from "react";

/** What somebody likes to see, remembered by this browser. Unknown or broken: the default. */
export function useStored<T extends Record<string, boolean>>(key: string, standard: T): [T, (change: Partial<T>) => void] {
  const [value, setValue] = useState<T>(() => ({ ...standard, ...read(key, standard) }));
  const change = useCallback(
    (by: Partial<T>) =>
      setValue((was) => {
        const next = { ...was, ...by };
        try {
          localStorage.setItem(key, JSON.stringify(next));
        } catch {
          // Storage is blocked: it holds for this visit.
        }
        return next;
      }),
    [key],
  );
  return [value, change];
}

function read<T extends Record<string, boolean>>(key: string, standard: T): Partial<T> {
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(Object.keys(standard).flatMap((name) => (typeof stored[name] === "boolean" ? [[name, stored[name]]] : []))) as Partial<T>;
  } catch {
    return {};
  }
}
