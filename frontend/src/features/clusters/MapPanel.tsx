import { useQuery } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";
import { pointOf } from "../../api/map";
import type { Group } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Empty, Failed } from "../../components/PanelState";
import { Scatter } from "../../components/scatter/Scatter";
import { plural } from "../../lib/words";
import { mapQuery } from "./queries";
import "./clusters.css";

interface MapPanelProps {
  run: number;
  runNumber: number;
  groups: readonly Group[];
  /** Key of a group. */
  lit: string | null;
  selected: number | null;
  onPick: (segment: number) => void;
  onGroup: (key: string) => void;
  preview: (segment: number) => ReactNode;
}

const PROJECTIONS = { pca: "PCA", umap: "UMAP" };

/** Every primitive of the run as a point: near is alike. */
export function MapPanel({ run, runNumber, groups, lit, selected, onPick, onGroup, preview }: MapPanelProps) {
  const map = useQuery(mapQuery(run));
  const columns = map.data;
  // As the cards: an action's colour, or that of a cluster without a name.
  const colours = useMemo(() => {
    const ofAction = new Map(groups.flatMap(({ action, colour }) => (action ? [[action.id, colour] as const] : [])));
    return columns ? Int32Array.from(columns.cluster, (cluster, point) => ofAction.get(columns.action[point]!) ?? cluster) : new Int32Array();
  }, [columns, groups]);

  if (map.isPending) return <div role="status" aria-label="Loading the map…" className="map-panel skeleton" />;
  if (map.isError)
    return (
      <div className="map-panel panel centred">
        <Failed what="The map could not be read" error={map.error} onRetry={() => void map.refetch()} />
      </div>
    );
  const { ids, x, y, projection } = map.data;
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
          cluster={colours}
          lit={groups.find(({ key }) => key === lit)?.colour ?? null}
          selected={selected === null ? -1 : pointOf(map.data, selected)}
          label={`Map of ${ids.length} primitives by ${named}, coloured by action`}
          onPick={(point) => onPick(ids[point]!)}
          preview={(point) => preview(ids[point]!)}
        />
      </div>
      <ul className="legend" aria-label="Colours">
        {groups.map((group) => (
          <li key={group.key}>
            <button type="button" aria-pressed={lit === group.key} onClick={() => onGroup(group.key)} title={`${group.name}: ${plural(group.size, "primitive")}`}>
              <ClusterSwatch cluster={group.colour} />
              <span className="clip-text">{group.action ? group.name : group.colour + 1}</span>
              {!group.action && <span className="visually-hidden">{group.name}</span>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
