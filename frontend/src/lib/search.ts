import { useCallback } from "react";
import { useNavigate } from "react-router";

/**
 * Changes the address's query. Reads it as it is at that moment, so two changes in a row keep each other; `useSearchParams`
 * would work from the last render. The screen follows when it has time, or `atOnce`: what a hand waits for.
 */
export function usePatchSearch(): (change: (params: URLSearchParams) => void, options?: { push?: boolean; atOnce?: boolean }) => void {
  const navigate = useNavigate();
  return useCallback(
    (change, options) => {
      const params = new URLSearchParams(window.location.search);
      change(params);
      const search = params.toString();
      if (search === new URLSearchParams(window.location.search).toString()) return;
      void navigate({ search: search ? `?${search}` : "" }, { replace: !options?.push, preventScrollReset: true, flushSync: options?.atOnce ?? false });
    },
    [navigate],
  );
}

/** A whole, positive number of the query, or null. */
export function idFrom(params: URLSearchParams, name: string): number | null {
  const text = params.get(name);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

export function setOrDrop(params: URLSearchParams, name: string, value: string | number | null): void {
  if (value === null) params.delete(name);
  else params.set(name, String(value));
}
