import { useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { mapQuery, pointOf, type MapColumns } from "../../api/map";
import { setOrDrop, usePatchSearch } from "../../lib/search";
import { setQuery } from "./queries";
import { parseSelection, selectPoints, setsIn } from "./selection";

/** Which primitives are selected. Not a `Set`: to fill one with 50,000 numbers takes longer than everything else. */
export class Picked {
  readonly #map: Pick<MapColumns, "ids">;
  readonly #points: Uint32Array;

  /** `points`: positions in the columns, ascending. */
  constructor(map: Pick<MapColumns, "ids">, points: Uint32Array) {
    this.#map = map;
    this.#points = points;
  }

  get size(): number {
    return this.#points.length;
  }

  has(id: number): boolean {
    const point = pointOf(this.#map, id);
    let [low, high] = [0, this.#points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle]! < point) low = middle + 1;
      else high = middle;
    }
    return point >= 0 && this.#points[low] === point;
  }

  list(): number[] {
    return Array.from(this.#points, (point) => this.#map.ids[point]!);
  }
}

export interface Selection {
  /** As in the address; what means nothing is nothing. */
  sel: string | null;
  /** The primitives; null: nothing is selected, or it is not known yet. */
  ids: Picked | null;
  /** The same as positions in the run's map columns, ascending. */
  points: Uint32Array | null;
  set: (sel: string | null) => void;
  pending: boolean;
  /** The map, or a set it speaks of, could not be read. */
  error: Error | null;
}

/** What is selected of a run, the same on every screen: it stands in the address as `sel`. */
export function useSelection(run: number | null): Selection {
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  const text = params.get("sel");
  const sel = useMemo(() => (text !== null && parseSelection(text) !== null ? text : null), [text]);
  const wanted = run !== null && sel !== null;
  const map = useQuery({ ...mapQuery(run ?? 0), enabled: wanted });
  const saved = useQueries({ queries: (wanted ? setsIn(sel) : []).map((id) => setQuery(id)), combine: joined });

  const points = useMemo(
    () => (wanted && map.data && !saved.pending ? selectPoints(sel, map.data, new Map(saved.sets.map((set) => [set.id, set.ids]))) : null),
    [wanted, sel, map.data, saved],
  );
  const ids = useMemo(() => (points === null || !map.data ? null : new Picked(map.data, points)), [points, map.data]);
  const set = useCallback((next: string | null) => patchSearch((query) => setOrDrop(query, "sel", next), { atOnce: true }), [patchSearch]);

  return { sel, ids, points, set, pending: wanted && (map.isPending || saved.pending), error: wanted ? (map.error ?? saved.error) : null };
}

interface Answer {
  data: { id: number; ids: number[] } | undefined;
  isPending: boolean;
  error: Error | null;
}

const joined = (answers: Answer[]) => ({
  sets: answers.flatMap(({ data }) => (data ? [data] : [])),
  pending: answers.some(({ isPending }) => isPending),
  error: answers.find(({ error }) => error !== null)?.error ?? null,
});
