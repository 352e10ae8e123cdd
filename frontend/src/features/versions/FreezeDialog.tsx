import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { Run, Version } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { Failed, Skeleton } from "../../components/PanelState";
import { formatCount, formatFigure, plural } from "../../lib/words";
import { useFreeze } from "./mutations";
import { freezePreviewQuery } from "./queries";

interface FreezeDialogProps {
  project: number;
  runs: readonly Run[];
  run: number;
  onRun: (run: number) => void;
  onFrozen: (version: Version) => void;
  onClose: () => void;
}

/** What a version would hold now, what is still open, and its name. */
export function FreezeDialog({ project, runs, run, onRun, onFrozen, onClose }: FreezeDialogProps) {
  const [name, setName] = useState("");
  const [note, setNote] = useState("");
  const preview = useQuery(freezePreviewQuery(project, run));
  const freeze = useFreeze(project);

  function submit(event: FormEvent) {
    event.preventDefault();
    freeze.mutate({ run, name: name.trim(), note: note.trim() }, { onSuccess: onFrozen });
  }

  return (
    <Dialog title="Freeze the vocabulary" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="body">
          <p className="hint">A version keeps the actions, which primitive belongs to which, and what people thought of them, as they are now. It never changes; exports are made from it.</p>
          <label className="field">
            <span className="label">Name</span>
            <input className="input" required maxLength={120} value={name} placeholder="June, agreed" onChange={(event) => setName(event.target.value)} />
          </label>
          <label className="field">
            <span className="label">Over run</span>
            <select className="select" value={run} onChange={(event) => onRun(Number(event.target.value))}>
              {runs.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.number} · {one.preset}, k {one.n_clusters_found}
                </option>
              ))}
            </select>
          </label>
          {preview.isPending ? (
            <Skeleton label="Counting what would be in it…" height={104} />
          ) : preview.isError ? (
            <Failed small error={preview.error} onRetry={() => void preview.refetch()} />
          ) : (
            <div className="freeze-preview" role="group" aria-label="What will be in it">
              <dl>
                <Count name="Actions" value={formatCount(preview.data.n_actions)} />
                <Count name="Primitives" value={formatCount(preview.data.n_segments)} />
                <Count name="Named" value={formatCount(preview.data.n_named)} />
                <Count name="Rated" value={formatCount(preview.data.n_rated)} />
                <Count name="Kept" value={formatCount(preview.data.n_kept)} />
                <Count name="Alpha" value={formatFigure(preview.data.alpha, 2)} />
              </dl>
              <ul className="still-open">
                {openPoints(preview.data).map((point) => (
                  <li key={point}>
                    <Icon name="warning" size={14} /> {point}
                  </li>
                ))}
              </ul>
            </div>
          )}
          <label className="field">
            <span className="label">Note</span>
            <textarea className="input" rows={2} maxLength={5000} value={note} onChange={(event) => setNote(event.target.value)} />
          </label>
          {freeze.error && (
            <p role="alert" className="notice bad">
              <Icon name="warning" /> {freeze.error.message}
            </p>
          )}
        </div>
        <footer>
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={freeze.isPending || name.trim() === ""}>
            {freeze.isPending ? "Freezing…" : "Freeze"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function Count({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function openPoints(found: { n_segments: number; n_named: number; n_rated: number; n_conflicts: number; n_unnamed_clusters: number; n_twice: number }): string[] {
  const points = [];
  const unnamed = found.n_segments - found.n_named;
  if (unnamed > 0) points.push(`${plural(unnamed, "primitive")} without a name${found.n_unnamed_clusters ? `, in ${plural(found.n_unnamed_clusters, "cluster")}` : ""}`);
  if (found.n_rated < found.n_segments) points.push(`${plural(found.n_segments - found.n_rated, "primitive")} nobody has rated`);
  if (found.n_conflicts > 0) points.push(`${plural(found.n_conflicts, "conflict")} between reviewers not settled`);
  if (found.n_rated > 0 && found.n_twice === 0) points.push("Nothing was rated by two people, so there is no alpha");
  return points;
}
