import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const coherenceKeys = {
  all: ["coherence"] as const,
  ofRun: (run: number) => ["coherence", "run", run] as const,
};

/** An entry an encoder, the one the run prefers first; empty before anything was measured. */
export const coherenceQuery = (run: number) =>
  queryOptions({
    queryKey: coherenceKeys.ofRun(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/coherence/", { params: { path: { id: run } }, signal })),
  });
