import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const clusterKeys = {
  all: ["clusters"] as const,
  ofRun: (run: number) => ["clusters", "run", run] as const,
  map: (run: number) => ["clusters", "map", run] as const,
};

export const clustersQuery = (run: number) =>
  queryOptions({
    queryKey: clusterKeys.ofRun(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/clusters/", { params: { path: { id: run } }, signal })),
  });

/** Every primitive's place, as columns. Laid out anew once, when UMAP has followed PCA. */
export const mapQuery = (run: number) =>
  queryOptions({
    queryKey: clusterKeys.map(run),
    queryFn: ({ signal }) => unwrap(api.GET("/api/runs/{id}/map/", { params: { path: { id: run } }, signal })),
  });
