import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { mapKey } from "../../api/map";

export { mapQuery } from "../../api/map";

export const clusterKeys = {
  all: ["clusters"] as const,
  ofRun: (run: number) => ["clusters", "run", run] as const,
  map: mapKey,
};

export const clustersQuery = (run: number) =>
  queryOptions({
    queryKey: clusterKeys.ofRun(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/clusters/", { params: { path: { id: run } }, signal })),
  });
