import type { Comparison } from "../../api/types";

export type Boundary = NonNullable<Comparison["boundaries"]>[number];

const KEPT_BELOW_S = 0.05;
const MARK_S = 0.06; // how wide a boundary of one run alone is drawn

export const isKept = (boundary: Boundary): boolean => boundary.moved_s !== null && Math.abs(boundary.moved_s) < KEPT_BELOW_S;

export const timeOf = (boundary: Boundary): number => boundary.a_s ?? boundary.b_s ?? 0;

/** "+0.240 s", or whose it is alone. */
export function wordsOf(boundary: Boundary, a: number, b: number): string {
  if (boundary.moved_s === null) return `only run ${boundary.a_s === null ? b : a}`;
  return `${boundary.moved_s < 0 ? "−" : "+"}${Math.abs(boundary.moved_s).toFixed(3)} s`;
}

/** The stretch between where it was and where it is now, as a block of a lane. */
export function differences(boundaries: readonly Boundary[]): { start_s: number; end_s: number; boundary: Boundary }[] {
  return boundaries
    .filter((boundary) => !isKept(boundary))
    .map((boundary) => {
      const [from, to] = [boundary.a_s ?? boundary.b_s ?? 0, boundary.b_s ?? boundary.a_s ?? 0].sort((x, y) => x - y) as [number, number];
      return { start_s: from, end_s: Math.max(to, from + MARK_S), boundary };
    });
}
