import { useMemo, type ReactNode } from "react";
import type { MapColumns } from "../../api/map";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Icon } from "../../components/Icon";
import { rampGradient } from "../../components/scatter/colours";
import { PointMap, type How, type Tool, type View } from "../../components/scatter/PointMap";
import { useTheme } from "../../lib/theme";
import { formatCount, plural } from "../../lib/words";
import { COLOURINGS, colouring, type Colouring, type LegendEntry } from "./colouring";
import "./map.css";

interface MapStageProps {
  map: MapColumns;
  /** Positions of what is selected; null: nothing. */
  selected: Uint32Array | null;
  /** Position of the primitive that is looked at, or -1. */
  marked: number;
  colour: Colouring;
  onColour: (colour: Colouring) => void;
  tool: Tool;
  onTool: (tool: Tool) => void;
  onPick: (point: number, how: How) => void;
  onRegion: (tool: "lasso" | "rect", corners: [x: number, y: number][], how: How) => void;
  /** A group of the legend. */
  onEntry: (select: string, how: How) => void;
  /** What is selected, to show which entry it is. */
  sel: string | null;
  preview: (point: number) => ReactNode;
  start: View | null;
  onView: (view: View) => void;
  /** What follows the projection's badge: whether another one is on its way. */
  note: ReactNode;
}

const TOOLS: { tool: Tool; name: string; key: string; icon: "move" | "lasso" | "rectangle" }[] = [
  { tool: "pan", name: "Move", key: "V", icon: "move" },
  { tool: "lasso", name: "Lasso", key: "L", icon: "lasso" },
  { tool: "rect", name: "Rectangle", key: "R", icon: "rectangle" },
];

/** The map with its tools and its legend. */
export function MapStage(props: MapStageProps) {
  const { map, selected, marked, colour, onColour, tool, onTool, onPick, onRegion, onEntry, sel, preview, start, onView, note } = props;
  const { codes, legend } = useMemo(() => colouring(map, colour), [map, colour]);
  const theme = useTheme();
  const named = map.projection === "pca" ? "PCA" : "UMAP";
  const made = map.projection === "pca" ? "Two principal components of the embeddings" : `UMAP of the embeddings, seed ${map.seed}`;
  return (
    <section className="map-stage panel" aria-label="Map">
      <div className="map-bar">
        <label className="row">
          <span className="small muted">Colour</span>
          <select className="select" aria-label="Colour" value={colour} onChange={(event) => onColour(event.target.value as Colouring)}>
            {Object.entries(COLOURINGS).map(([key, name]) => (
              <option key={key} value={key}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <div className="map-tools" role="group" aria-label="Tools">
          {TOOLS.map((one) => (
            <button key={one.tool} type="button" className="icon-button" aria-pressed={tool === one.tool} aria-label={one.name} title={`${one.name} (${one.key})`} onClick={() => onTool(one.tool)}>
              <Icon name={one.icon} />
            </button>
          ))}
        </div>
        <span className="push" />
        {note}
        <span className="badge" title={`${made}; n = ${map.n}`}>
          {named}
        </span>
        <small className="muted" title={made}>
          n = {formatCount(map.n)}
          {map.projection === "umap" && <span className="wide-only">, seed {map.seed}</span>}
        </small>
      </div>
      <div className="map-well">
        <PointMap
          x={map.x}
          y={map.y}
          codes={codes}
          front={selected}
          marked={marked}
          label={`Map of ${map.n} primitives by ${named}, coloured by ${COLOURINGS[colour].toLowerCase()}`}
          tool={tool}
          onPick={onPick}
          onRegion={onRegion}
          preview={preview}
          picture={(point) => `/api/segments/${map.ids[point]}/poster/`}
          start={start}
          onView={onView}
        />
      </div>
      {legend.kind === "entries" ? (
        <ul className="map-legend" aria-label="Colours">
          {legend.entries.map((entry) => (
            <li key={entry.name + entry.colour}>
              <EntryButton entry={entry} pressed={entry.select !== null && entry.select === sel} onEntry={onEntry} />
            </li>
          ))}
        </ul>
      ) : (
        <div className="map-legend ramp">
          <span>{legend.low}</span>
          <span className="ramp-bar" style={{ background: rampGradient(theme) }} aria-hidden="true" />
          <span>{legend.high}</span>
          <span className="small muted">{legend.note}</span>
        </div>
      )}
    </section>
  );
}

function EntryButton({ entry, pressed, onEntry }: { entry: LegendEntry; pressed: boolean; onEntry: MapStageProps["onEntry"] }) {
  const { name, colour, n, select } = entry;
  return (
    <button
      type="button"
      disabled={select === null}
      aria-pressed={pressed}
      title={`${name}: ${plural(n, "primitive")}`}
      onClick={(event) => select !== null && onEntry(select, event.altKey ? "remove" : event.shiftKey ? "add" : "replace")}
    >
      <ClusterSwatch cluster={colour < 0 ? null : colour} />
      <span className="clip-text">{name}</span>
      <span className="muted">{formatCount(n)}</span>
    </button>
  );
}
