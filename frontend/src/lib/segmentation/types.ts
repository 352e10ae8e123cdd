/** What is cut: one value per step. Step k is known at `timesS[k]` and begins at `timesS[k - 1]`, step 0 at `startS`. */
export interface Trace {
  startS: number;
  timesS: Float64Array;
  energy: Float32Array;
}

/** `ml.config.DetectionConfig`, as the API has it. */
export interface Detection {
  alpha: number;
  off_ratio: number;
  on_steps: number;
  off_steps: number;
  cooldown_steps: number;
  min_s: number;
  max_s: number | null;
}

/** `ml.config.RefinementConfig`, as the API has it. */
export interface Refinement {
  rest: number | null;
  dip: number | null;
  smooth_s: number;
  min_piece_s: number;
  hold_s: number;
}

export interface Params {
  thetaOn: number;
  detection: Detection;
  refinement: Refinement;
}

/** Steps first..stop-1, which are the time `[startS, endS)`. */
export interface Interval {
  first: number;
  stop: number;
  startS: number;
  endS: number;
}

/** 0.7 - 0.3 is a little less than 0.4. */
export const TIME_TOLERANCE_S = 1e-6;
