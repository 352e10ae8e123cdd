import { useDeferredValue, useMemo, useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { MapColumns } from "../../api/map";
import type { PrimitiveSet } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Empty } from "../../components/PanelState";
import { Popover } from "../../components/Popover";
import { paths } from "../../lib/paths";
import { formatCount } from "../../lib/words";
import { useExport } from "./mutations";
import { SavedSets } from "./SavedSets";
import { SaveSet } from "./SaveSet";
import { SelectedGrid } from "./SelectedGrid";
import { isOutdated } from "./selection";
import type { Selection } from "./useSelection";
import "./selection.css";

interface SelectionPanelProps {
  project: number;
  map: MapColumns;
  selection: Selection;
  canWrite: boolean;
  groupOf: (point: number) => { name: string; colour: number | null };
  linkTo: (point: number) => string;
  onPoint: (point: number | null) => void;
  /** Other screens that show the same selection. */
  elsewhere: { name: string; to: string }[];
  /** How to select something. */
  hint: ReactNode;
}

/** What is selected: its loops, and what can be done with it. */
export function SelectionPanel({ project, map, selection, canWrite, groupOf, linkTo, onPoint, elsewhere, hint }: SelectionPanelProps) {
  const { sel, ids: picked, points, set, pending, error } = selection;
  const [saving, setSaving] = useState<"set" | "review" | null>(null);
  const [saved, setSaved] = useState<PrimitiveSet | null>(null);
  const exporting = useExport(map.run);
  const ids = () => picked?.list() ?? [];
  const any = points !== null && points.length > 0;
  // How many there are shows at once, and their loops as soon as there is time.
  const grid = useDeferredValue(useMemo(() => ({ map, points, groupOf, linkTo }), [map, points, groupOf, linkTo]));

  function onSaved(made: PrimitiveSet) {
    setSaving(null);
    setSaved(made);
    set(`set:${made.id}`);
  }

  return (
    <section className="selection panel" aria-label="Selection">
      <div className="selection-head">
        <h2 role="status">{sel === null ? "Nothing selected" : points === null ? (pending ? "…" : "Selection") : `${formatCount(points.length)} selected`}</h2>
        {saved && sel === `set:${saved.id}` && (
          <span className="badge done clip-text" title={saved.for_review ? "Waits for reviewers" : "Saved as a set"}>
            {saved.for_review ? "for review: " : ""}
            {saved.name}
          </span>
        )}
        {saved?.for_review && sel === `set:${saved.id}` && (
          <Link className="button quiet small" to={paths.review(project, map.run, saved.id)}>
            Review it
          </Link>
        )}
        {sel !== null && (
          <button type="button" className="button quiet small push" onClick={() => set(null)}>
            Clear
          </button>
        )}
      </div>
      {any && (
        <div className="selection-tools">
          {canWrite && (
            <>
              <button type="button" className="button small" onClick={() => setSaving("set")}>
                Save as set…
              </button>
              <button type="button" className="button small" onClick={() => setSaving("review")}>
                Send to review…
              </button>
            </>
          )}
          <Popover
            label="Export"
            className="button small"
            align="left"
            trigger={
              <>
                <Icon name="download" /> {exporting.isPending ? "Exporting…" : "Export"}
              </>
            }
          >
            {(close) => (
              <div className="export-choices">
                {(["csv", "json"] as const).map((format) => (
                  <button
                    key={format}
                    type="button"
                    className="button quiet"
                    disabled={exporting.isPending}
                    onClick={() => {
                      exporting.mutate({ ids: ids(), format, name: saved && sel === `set:${saved.id}` ? saved.name : "" });
                      close();
                    }}
                  >
                    {format.toUpperCase()}
                  </button>
                ))}
              </div>
            )}
          </Popover>
          {elsewhere.map(({ name, to }) => (
            <Link key={name} className="button quiet small" to={to}>
              {name}
            </Link>
          ))}
        </div>
      )}
      {(exporting.error ?? error) && (
        <p role="alert" className="notice bad">
          <Icon name="warning" /> {(exporting.error ?? error)?.message}
        </p>
      )}
      {sel !== null && isOutdated(sel, map.projection) && (
        <p className="notice" role="note">
          This was drawn on another layout of the map: {map.projection === "umap" ? "UMAP has replaced PCA" : "the map is laid out by PCA"} since. Draw it again.
        </p>
      )}
      {any ? (
        grid.points && <SelectedGrid map={grid.map} points={grid.points} groupOf={grid.groupOf} linkTo={grid.linkTo} onPoint={onPoint} />
      ) : (
        <div className="selection-none">
          {sel !== null && points !== null ? (
            <Empty small title="No primitive is in it">
              Draw another region, or pick a group from the legend.
            </Empty>
          ) : (
            sel === null && hint
          )}
          <SavedSets
            project={project}
            run={map.run}
            canWrite={canWrite}
            onOpen={(id) => set(`set:${id}`)}
            onRemoved={(id) => sel === `set:${id}` && set(null)}
          />
        </div>
      )}
      {saving && <SaveSet project={project} run={map.run} ids={ids()} forReview={saving === "review"} onClose={() => setSaving(null)} onSaved={onSaved} />}
    </section>
  );
}
