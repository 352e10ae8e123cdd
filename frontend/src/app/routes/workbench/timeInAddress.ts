import { useEffect } from "react";
import type { PlaybackClock } from "../../../lib/clock";
import { setOrDrop, usePatchSearch } from "../../../lib/search";

export function startTime(params: URLSearchParams): number {
  const value = Number(params.get("t"));
  return Number.isFinite(value) && value > 0 ? value : 0;
}

/** While standing still, the address holds the moment; while playing it would only flicker. */
export function useTimeInAddress(clock: PlaybackClock, playing: boolean): void {
  const patchSearch = usePatchSearch();
  useEffect(() => {
    if (playing) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = (timeS: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => patchSearch((params) => setOrDrop(params, "t", timeS > 0 ? timeS.toFixed(3) : null)), 300);
    };
    write(clock.time);
    const undo = clock.subscribe(write);
    return () => {
      clearTimeout(timer);
      undo();
    };
  }, [clock, playing, patchSearch]);
}
