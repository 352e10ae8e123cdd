import type { MapColumns } from "../api/map";

type Row = Partial<{ id: number; x: number; y: number; cluster: number; action: number; video: number; quality: number; start_s: number; end_s: number }>;

/** Columns of a map out of rows; a test names only what it is about. */
export function mapOf(rows: Row[], change: Partial<MapColumns> = {}): MapColumns {
  const column = <A>(make: { from: (values: number[]) => A }, value: (row: Row, i: number) => number) => make.from(rows.map(value));
  return {
    n: rows.length,
    run: 7,
    projection: "umap",
    seed: 42,
    actions: [],
    videos: [{ id: 1, title: "cam1.mp4" }],
    ids: column(Float64Array, (row, i) => row.id ?? 100 + i),
    x: column(Float32Array, (row, i) => row.x ?? i),
    y: column(Float32Array, (row) => row.y ?? 0),
    cluster: column(Int32Array, (row) => row.cluster ?? 0),
    action: column(Int32Array, (row) => row.action ?? -1),
    video: column(Int32Array, (row) => row.video ?? 1),
    quality: column(Float32Array, (row) => row.quality ?? NaN),
    start_s: column(Float64Array, (row, i) => row.start_s ?? 10 * (i + 1)),
    end_s: column(Float64Array, (row, i) => row.end_s ?? 10 * (i + 1) + 2),
    etag: "",
    ...change,
  };
}

const NAMES = ["ids", "x", "y", "cluster", "action", "video", "quality", "start_s", "end_s"] as const;
const TYPES = new Map<unknown, string>([
  [Float64Array, "float64"],
  [Float32Array, "float32"],
  [Int32Array, "int32"],
]);

/** As the server sends them. */
export function encodeMap(map: MapColumns): ArrayBuffer {
  const facts: Record<string, unknown> = { ...map, columns: NAMES.map((name) => ({ name, type: TYPES.get(map[name].constructor) })) };
  for (const name of [...NAMES, "etag"]) delete facts[name];
  const header = new TextEncoder().encode(JSON.stringify(facts));
  const up = (at: number) => Math.ceil(at / 8) * 8;
  const starts: number[] = [];
  let at = up(4 + header.length);
  for (const name of NAMES) {
    starts.push(at);
    at = up(at + map[name].byteLength);
  }
  const content = new ArrayBuffer(at);
  new DataView(content).setUint32(0, header.length, true);
  const bytes = new Uint8Array(content);
  bytes.set(header, 4);
  NAMES.forEach((name, i) => bytes.set(new Uint8Array(map[name].buffer, map[name].byteOffset, map[name].byteLength), starts[i]));
  return content;
}
