import { queryOptions } from "@tanstack/react-query";
import { api, fetchBytes, unwrap, type Schemas } from "../../api/client";
import type { Params, Trace } from "../../lib/segmentation";
import { runKeys } from "./queries";

type Facts = Schemas["Signals"];

/** The signals of a video in a run, one value per step each, and what the run cut it with. */
export interface Signals extends Trace {
  /** Mean speed of the fastest tenth of the points. */
  velocity?: Float32Array;
  /** The paper's latent action energy, ‖Δz_q‖. */
  latent?: Float32Array;
  /** Mean speed of all points. */
  flow?: Float32Array;
  thetaOn: number;
  thetaOff: number;
  source: string;
  unit: string;
  detection: Params["detection"];
  refinement: Params["refinement"];
  durationS: number | null;
  /** The run's primitives of this video were set by a person. */
  handCut: boolean;
}

/** What the run cut the video with: where the sliders stand. */
export function paramsOf({ thetaOn, detection, refinement }: Signals): Params {
  return { thetaOn, detection, refinement };
}

/** The columns lie one after the other, little endian as every machine a browser runs on. */
export function parseSignals(facts: Facts, body: ArrayBuffer): Signals {
  const n = facts.n_steps;
  const floats = facts.columns.filter((name) => name !== "times_s");
  if (facts.columns[0] !== "times_s" || body.byteLength !== n * (8 + 4 * floats.length)) {
    throw new Error(`${body.byteLength} bytes are not ${facts.columns.join(", ")} of ${n} steps`);
  }
  const columns = new Map(floats.map((name, at) => [name, new Float32Array(body, n * (8 + 4 * at), n)]));
  return {
    startS: facts.start_s,
    timesS: new Float64Array(body, 0, n),
    energy: columns.get("energy")!,
    velocity: columns.get("velocity"),
    latent: columns.get("latent"),
    flow: columns.get("flow"),
    thetaOn: facts.theta_on,
    thetaOff: facts.theta_off,
    source: facts.source,
    unit: facts.unit,
    detection: facts.detection,
    refinement: facts.refinement,
    durationS: facts.duration_s,
    handCut: facts.hand_cut,
  };
}

export const signalsQuery = (run: number, video: number) =>
  queryOptions({
    queryKey: runKeys.signals(run, video),
    queryFn: async ({ signal }) => {
      const at = { params: { path: { run, video } }, signal };
      const facts = await unwrap(api.GET("/api/runs/{run}/videos/{video}/signals/", at));
      return parseSignals(facts, await fetchBytes(facts.url, signal));
    },
    staleTime: Infinity, // a finished run never changes
    structuralSharing: false, // nothing to gain in comparing megabytes
  });
