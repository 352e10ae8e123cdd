import type { Segment } from "../api/types";

/** Addresses of the screens: one place that knows them. */
export const paths = {
  projects: "/projects",
  account: "/account",
  members: (project: number) => `/projects/${project}/members`,
  audit: (project: number) => `/projects/${project}/audit`,
  videos: (project: number) => `/projects/${project}`,
  runs: (project: number) => `/projects/${project}/runs`,
  run: (project: number, run: number) => `/projects/${project}/runs/${run}`,
  review: (project: number, run: number, set?: number) => `/projects/${project}/runs/${run}/review${set === undefined ? "" : `?set=${set}`}`,
  team: (project: number) => `/projects/${project}/review`,
  newestMap: (project: number) => `/projects/${project}/map`,
  map: (project: number, run: number) => `/projects/${project}/runs/${run}/map`,
  clusters: (project: number, run: number) => `/projects/${project}/runs/${run}/clusters`,
  cluster: (project: number, run: number, index: number) => `/projects/${project}/runs/${run}/clusters?cluster=${index}`,
  action: (project: number, run: number, action: number) => `/projects/${project}/runs/${run}/clusters?action=${action}`,
  newestClusters: (project: number) => `/projects/${project}/clusters`,
  versions: (project: number) => `/projects/${project}/versions`,
  compareVersions: (project: number, a: number, b: number) => `/projects/${project}/versions?a=${a}&b=${b}`,
  exportVersion: (project: number, version: number) => `/projects/${project}/exports?version=${version}`,
  flow: (project: number, run: number) => `/projects/${project}/runs/${run}/flow`,
  coherence: (project: number, run: number) => `/projects/${project}/runs/${run}/coherence`,
  segmentInClusters: (project: number, run: number, segment: number) => `/projects/${project}/runs/${run}/clusters?segment=${segment}`,
  searchRange: (project: number, run: number, video: number, fromS: number, toS: number) =>
    `/projects/${project}/search?run=${run}&video=${video}&from=${fromS.toFixed(3)}&to=${toS.toFixed(3)}`,
  segmentInVideo: (project: number, segment: Pick<Segment, "id" | "run" | "video" | "start_s">) =>
    `/projects/${project}/videos/${segment.video}?run=${segment.run}&segment=${segment.id}&t=${segment.start_s.toFixed(3)}`,
  moment: (project: number, video: number, timeS: number, { run, segment }: { run: number | null; segment: number | null }) =>
    `/projects/${project}/videos/${video}?t=${timeS.toFixed(3)}${run !== null && segment !== null ? `&run=${run}&segment=${segment}` : ""}&tab=comments`,
  exports: (project: number) => `/projects/${project}/exports`,
  search: (project: number) => `/projects/${project}/search`,
  searchLike: (project: number, segment: number) => `/projects/${project}/search?like=${segment}`,
  inMap: (project: number, run: number, ids: readonly number[]) => `/projects/${project}/runs/${run}/map?sel=ids:${ids.join(",")}`,
  compareNewest: (project: number) => `/projects/${project}/compare`,
  compareWith: (project: number, b: number) => `/projects/${project}/compare?b=${b}`,
  compare: (project: number, a: number, b: number) => `/projects/${project}/compare?a=${a}&b=${b}`,
};
