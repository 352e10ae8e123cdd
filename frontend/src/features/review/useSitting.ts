import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import { ApiError } from "../../api/errors";
import { keep, readKept } from "./kept";
import { pageQuery, queueKey, sendReview, type Queue } from "./queries";
import { after, begun, isUnsent, shown, type Answer, type Sitting, type Step } from "./session";

const AHEAD = 6;
const RETRY_MS = [1000, 2000, 5000, 10_000];

export interface Sat {
  sitting: Sitting;
  /** Changes the present answer; the time looked at goes with what it finishes. */
  change: (by: Partial<Answer>) => void;
  skip: () => void;
  step: (step: Step) => void;
  /** There is nothing left, here or on the server. */
  atEnd: boolean;
  pending: boolean;
  error: Error | null;
  retry: () => void;
  measured: boolean;
  unsent: number;
  /** The server did not answer the last time; it is asked again. */
  away: boolean;
  sendNow: () => void;
}

/** A sitting at a queue: its line is filled from the server, and what is judged is sent there, one at a time. */
export function useSitting(user: number, run: number, queue: Queue): Sat {
  const key = queueKey(queue);
  const [sitting, step] = useReducer(after, null, () => begun(readKept(user, run, key)));
  const page = useQuery(pageQuery(run, queue));
  const { refetch } = page;
  const watch = useSecondsLooked(shown(sitting)?.id ?? null);

  useEffect(() => {
    if (page.data) step({ do: "arrive", rows: page.data.results });
  }, [page.data]);

  const { past, line } = sitting;
  const more = page.data !== undefined && page.data.next !== null;
  useEffect(() => {
    if (more && line.length < AHEAD) void refetch();
    // Asked once for each one judged, not again and again.
  }, [more, line.length, refetch]);

  useEffect(() => keep(user, run, key, past), [user, run, key, past]);

  const [tries, setTries] = useState(0);
  const [turn, setTurn] = useState(0);
  const sending = useRef(false);
  const waiting = useRef<() => void>(() => undefined);
  useEffect(() => {
    const entry = past.find((one) => isUnsent(one) && one.refused === null);
    if (!entry || sending.current) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const { changes, segment } = entry;
    sending.current = true;
    sendReview(segment.id, entry.answer, entry.seconds)
      .then(() => {
        sending.current = false;
        setTries(0);
        step({ do: "sent", segment: segment.id, changes });
        setTurn((n) => n + 1);
      })
      .catch((error: unknown) => {
        if (error instanceof ApiError && !error.isAway && error.status < 500) {
          sending.current = false;
          step({ do: "refused", segment: segment.id, changes, why: error.message });
          setTurn((n) => n + 1);
          return;
        }
        // Away, or restarting: the same again, a little later each time.
        setTries((n) => n + 1);
        timer = setTimeout(() => {
          sending.current = false;
          setTurn((n) => n + 1);
        }, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
        waiting.current = () => {
          clearTimeout(timer);
          sending.current = false;
          setTurn((n) => n + 1);
        };
      });
  }, [past, turn, tries]);

  const sendNow = useCallback(() => {
    step({ do: "again" });
    waiting.current();
  }, []);
  useEffect(() => {
    window.addEventListener("online", sendNow);
    return () => window.removeEventListener("online", sendNow);
  }, [sendNow]);

  return {
    sitting,
    change: (by) => step({ do: "change", by, seconds: watch() }),
    skip: () => step({ do: "skip", seconds: watch() }),
    step,
    atEnd: page.data !== undefined && !page.isFetching && !more && line.length === 0,
    pending: page.isPending || (line.length === 0 && page.isFetching),
    error: page.error,
    retry: () => void refetch(),
    measured: page.data?.measured ?? true,
    unsent: past.filter(isUnsent).length,
    away: tries > 0,
    sendNow,
  };
}

/** Seconds the page was looked at since `what` came up; a hidden page is not looked at. */
function useSecondsLooked(what: number | null): () => number {
  const state = useRef({ sum: 0, since: null as number | null });
  useEffect(() => {
    const { current } = state;
    current.sum = 0;
    current.since = document.hidden ? null : performance.now();
    const onVisibility = () => {
      if (current.since !== null) current.sum += performance.now() - current.since;
      current.since = document.hidden ? null : performance.now();
    };
    document.addEventListener("visibilitychange", onVisibility);
    return () => document.removeEventListener("visibilitychange", onVisibility);
  }, [what]);
  return useCallback(() => {
    const { sum, since } = state.current;
    return (sum + (since === null ? 0 : performance.now() - since)) / 1000;
  }, []);
}
