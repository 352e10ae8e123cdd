import { detectSpans } from "./detect";
import { refineSpans } from "./refine";
import type { Spans } from "./spans";
import type { Interval, Params, Trace } from "./types";

/** The primitives of a video: index for index what the server's segment stage finds with the same numbers. */
export function cut(trace: Trace, params: Params): Interval[] {
  return cutSpans(trace, params).toArray();
}

export function cutSpans(trace: Trace, params: Params): Spans {
  return refineSpans(detectSpans(trace, params, trace.startS), trace, params);
}
