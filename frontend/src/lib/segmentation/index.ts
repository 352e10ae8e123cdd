export { boundaryF1, countedEnds, matches } from "./boundaries";
export { cut } from "./cut";
export { detect, smooth } from "./detect";
export { explain, type Explanation, type Rule, type StepFacts } from "./explain";
export { refine } from "./refine";
export type { Detection, Interval, Params, Refinement, Trace } from "./types";
