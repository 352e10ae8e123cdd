import type { Segment } from "../api/types";

/** Addresses of the screens: one place that knows them. */
export const paths = {
  projects: "/projects",
  videos: (project: number) => `/projects/${project}`,
  runs: (project: number) => `/projects/${project}/runs`,
  run: (project: number, run: number) => `/projects/${project}/runs/${run}`,
  clusters: (project: number, run: number) => `/projects/${project}/runs/${run}/clusters`,
  cluster: (project: number, run: number, index: number) => `/projects/${project}/runs/${run}/clusters?cluster=${index}`,
  coherence: (project: number, run: number) => `/projects/${project}/runs/${run}/coherence`,
  segmentInClusters: (project: number, run: number, segment: number) => `/projects/${project}/runs/${run}/clusters?segment=${segment}`,
  segmentInVideo: (project: number, segment: Pick<Segment, "id" | "run" | "video" | "start_s">) =>
    `/projects/${project}/videos/${segment.video}?run=${segment.run}&segment=${segment.id}&t=${segment.start_s.toFixed(3)}`,
};
