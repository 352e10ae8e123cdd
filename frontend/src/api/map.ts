import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "./client";

/** Every primitive of a run that has a place, as columns: entry i of each is primitive i. They are sorted by id. */
export interface MapColumns {
  n: number;
  run: number;
  projection: "pca" | "umap";
  seed: number;
  /** Those of this run's primitives. */
  actions: { id: number; name: string; colour: number }[];
  videos: { id: number; title: string }[];
  ids: Float64Array;
  x: Float32Array;
  y: Float32Array;
  /** Index in the run; -1: none. */
  cluster: Int32Array;
  /** Id of the effective action; -1: none. */
  action: Int32Array;
  video: Int32Array;
  /** NaN: none yet. */
  quality: Float32Array;
  start_s: Float64Array;
  end_s: Float64Array;
  /** Changes with the content; empty where the server gave none. */
  etag: string;
}

const ARRAYS = { float64: Float64Array, float32: Float32Array, int32: Int32Array };

type Header = Omit<MapColumns, "ids" | "x" | "y" | "cluster" | "action" | "video" | "quality" | "start_s" | "end_s" | "etag"> & {
  columns: { name: string; type: keyof typeof ARRAYS }[];
};

/** Length of the header, the header in JSON, then each column from the next multiple of eight bytes on. */
export function decodeMap(content: ArrayBuffer, etag = ""): MapColumns {
  const length = new DataView(content).getUint32(0, true);
  const { columns, ...facts } = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, length))) as Header;
  let at = 4 + length;
  const arrays: Record<string, Float64Array | Float32Array | Int32Array> = {};
  for (const { name, type } of columns) {
    at = Math.ceil(at / 8) * 8;
    // Little endian, as every machine with a browser is.
    arrays[name] = new ARRAYS[type](content, at, facts.n);
    at += facts.n * ARRAYS[type].BYTES_PER_ELEMENT;
  }
  return { ...facts, ...arrays, etag } as MapColumns;
}

/** Where a primitive stands in the columns, or -1. */
export function pointOf({ ids }: Pick<MapColumns, "ids">, id: number): number {
  let low = 0;
  let high = ids.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (ids[middle]! < id) low = middle + 1;
    else if (ids[middle]! > id) high = middle - 1;
    else return middle;
  }
  return -1;
}

export const mapKey = (run: number) => ["clusters", "map", run] as const;

/** Laid out anew once, when UMAP has followed PCA; actions and quality change as people work. An unchanged map stays the same object. */
export const mapQuery = (run: number) =>
  queryOptions({
    queryKey: mapKey(run),
    queryFn: async ({ signal, client }) => {
      let etag = "";
      const content = await unwrap(
        api.GET("/api/runs/{id}/map/", { params: { path: { id: run } }, parseAs: "arrayBuffer", signal }).then((answer) => {
          etag = answer.response.headers.get("ETag") ?? "";
          return answer;
        }),
      );
      const before = client.getQueryData<MapColumns>(mapKey(run));
      return before && etag !== "" && before.etag === etag ? before : decodeMap(content, etag);
    },
    structuralSharing: false,
  });
