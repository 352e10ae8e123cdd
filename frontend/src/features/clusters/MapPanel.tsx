import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Empty, Failed } from "../../components/PanelState";
import { Scatter } from "../../components/scatter/Scatter";
import { plural } from "../../lib/words";
import { clustersQuery, mapQuery } from "./queries";
import "./clusters.css";

interface MapPanelProps {
  run: number;
  runNumber: number;
  lit: number | null;
  selected: number | null;
  onPick: (segment: number) => void;
  onCluster: (index: number | null) => void;
  preview: (segment: number) => ReactNode;
}

const PROJECTIONS = { pca: "PCA", umap: "UMAP" };

/** Every primitive of the run as a point: near is alike. */
export function MapPanel({ run, runNumber, lit, selected, onPick, onCluster, preview }: MapPanelProps) {
  const map = useQuery(mapQuery(run));
  const clusters = useQuery(clustersQuery(run));

  if (map.isPending) return <div role="status" aria-label="Loading the map…" className="map-panel skeleton" />;
  if (map.isError)
    return (
      <div className="map-panel panel centred">
        <Failed what="The map could not be read" error={map.error} onRetry={() => void map.refetch()} />
      </div>
    );
  const { ids, x, y, cluster, projection } = map.data;
  if (ids.length === 0)
    return (
      <Empty title="Nothing to place" icon="map">
        This run found no primitives.
      </Empty>
    );
  const named = PROJECTIONS[projection];
  return (
    <section className="map-panel panel" aria-label="Map">
      <div className="map-head">
        <h2>Map</h2>
        <span className="badge" title={projection === "pca" ? "Two principal components; UMAP replaces them when its job is done" : "UMAP of the embeddings"}>
          {named}
        </span>
        <small className="muted push" title={`Run ${runNumber}, n = ${ids.length}`}>
          {plural(ids.length, "primitive")}
        </small>
      </div>
      <div className="map-well">
        <Scatter
          x={x}
          y={y}
          cluster={cluster}
          lit={lit}
          selected={selected === null ? -1 : ids.indexOf(selected)}
          label={`Map of ${ids.length} primitives by ${named}, coloured by cluster`}
          onPick={(point) => onPick(ids[point]!)}
          preview={(point) => preview(ids[point]!)}
        />
      </div>
      {clusters.data && (
        <ul className="legend" aria-label="Colours">
          {clusters.data.map((one) => (
            <li key={one.id}>
              <button
                type="button"
                aria-pressed={lit === one.index}
                onClick={() => onCluster(one.index)}
                title={`${one.name}: ${plural(one.size, "primitive")}`}
              >
                <ClusterSwatch cluster={one.index} />
                {one.index + 1}
                <span className="visually-hidden">{one.name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
