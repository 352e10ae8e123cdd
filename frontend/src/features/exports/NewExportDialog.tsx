import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState, type FormEvent } from "react";
import { Link } from "react-router";
import type { AskExport, DatasetExport, ExportPreview, Version } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { paths } from "../../lib/paths";
import { formatCount, plural } from "../../lib/words";
import { firstDraft, ofAnotherVersion, requestOf, wrongWith, type Draft } from "./draft";
import { KINDS } from "./kinds";
import { Check, Choose, KindSettings } from "./KindSettings";
import { useAskExport } from "./mutations";
import { previewQuery } from "./queries";
import { leftOutWords, previewWords } from "./words";
import "./exports.css";

const SETTLED_MS = 250;

interface NewExportDialogProps {
  project: number;
  versions: UseQueryResult<Version[]>;
  /** The version to begin with; null: the newest. */
  version: number | null;
  onClose: () => void;
  onAsked: (made: DatasetExport) => void;
}

export function NewExportDialog({ project, versions, version, onClose, onAsked }: NewExportDialogProps) {
  const first = versions.data?.find(({ id }) => id === version) ?? versions.data?.[0];
  return (
    <Dialog title="New export" onClose={onClose}>
      {versions.isPending ? (
        <div className="body">
          <Skeleton label="Loading versions…" height={64} rows={4} />
        </div>
      ) : versions.isError ? (
        <Failed what="The versions could not be read" error={versions.error} onRetry={() => void versions.refetch()} />
      ) : first === undefined ? (
        <Empty
          title="No version to export yet"
          icon="download"
          actions={
            <Link className="button primary" to={paths.versions(project)}>
              Freeze a version
            </Link>
          }
        >
          An export is made from a frozen version of the vocabulary, so that everybody knows what it holds. Freeze one first.
        </Empty>
      ) : (
        <Form project={project} versions={versions.data} first={first.id} onClose={onClose} onAsked={onAsked} />
      )}
    </Dialog>
  );
}

interface FormProps {
  project: number;
  versions: readonly Version[];
  first: number;
  onClose: () => void;
  onAsked: (made: DatasetExport) => void;
}

function Form({ project, versions, first, onClose, onAsked }: FormProps) {
  const [draft, setDraft] = useState(() => firstDraft(first));
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const ask = useAskExport(project);
  const wrong = wrongWith(draft);
  const settled = useSettled(wrong === null ? requestOf(draft) : null);
  const preview = useQuery(previewQuery(project, settled ?? requestOf(draft), settled !== null));
  const nothing = preview.data !== undefined && preview.data.n_segments === 0;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (wrong === null) ask.mutate(requestOf(draft), { onSuccess: onAsked });
  }

  return (
    <form onSubmit={submit} className="new-export">
      <div className="body">
        <Choose
          label="Version"
          value={String(draft.version)}
          options={versions.map((one) => [String(one.id), `${one.number}: ${one.name} · run ${one.run_number} · ${plural(one.n_segments, "primitive")}`])}
          onChange={(version) => change({ ...ofAnotherVersion(draft), version: Number(version) })}
        />
        <p className="hint">
          What changed since is not in it. <Link to={paths.versions(project)}>Freeze another version</Link>
        </p>

        <fieldset className="field">
          <legend>Form</legend>
          <div className="kinds">
            {KINDS.map(({ kind, name, reader }) => (
              <label key={kind} className="kind" htmlFor={`kind-${kind}`}>
                <input
                  id={`kind-${kind}`}
                  type="radio"
                  name="kind"
                  value={kind}
                  checked={draft.kind === kind}
                  aria-describedby={`kind-${kind}-reader`}
                  onChange={() => change({ kind })}
                />
                <span className="strong">
                  {name}
                  <span className="hint" id={`kind-${kind}-reader`}>
                    {reader}
                  </span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>

        <fieldset className="field">
          <legend>Which primitives</legend>
          <div className="columns">
            <Choose
              label="Mean quality"
              value={draft.minQuality}
              options={[
                ["3", "3, high"],
                ["2.5", "2.5 or more"],
                ["2", "2 or more: kept in review"],
                ["1.5", "1.5 or more"],
                ["1", "1 or more"],
                ["0", "any"],
              ]}
              onChange={(minQuality) => change({ minQuality })}
            />
            <Choose
              label="Reviewers differ by"
              value={draft.maxSpread}
              options={[
                ["", "any number of grades"],
                ["2", "2 grades at most"],
                ["1", "1 grade at most"],
                ["0", "nothing"],
              ]}
              onChange={(maxSpread) => change({ maxSpread })}
            />
          </div>
          <Check checked={draft.includeUnrated} onChange={(includeUnrated) => change({ includeUnrated })}>
            Also those nobody has rated
          </Check>
          <Check checked={draft.unnamed} onChange={(unnamed) => change({ unnamed })}>
            Also those that belong to no action
          </Check>
          {preview.data && preview.data.actions.length > 0 && (
            <Actions found={preview.data} chosen={draft.actions} onChange={(actions) => change({ actions })} />
          )}
        </fieldset>

        <fieldset className="field">
          <legend>Split by video, in percent</legend>
          <div className="shares">
            {(["train", "val", "test"] as const).map((name) => (
              <label key={name} className="field">
                <span className="label">{{ train: "Train", val: "Validate", test: "Test" }[name]}</span>
                <input
                  className="input"
                  type="number"
                  min={0}
                  max={100}
                  step={1}
                  value={draft[name]}
                  onChange={(event) => change({ [name]: event.target.value })}
                />
              </label>
            ))}
            <label className="field">
              <span className="label">Seed</span>
              <input className="input" type="number" min={0} step={1} value={draft.seed} onChange={(event) => change({ seed: event.target.value })} />
            </label>
          </div>
          <p className="hint">Views of one recording always go together, so that nothing is tested on what it was trained on.</p>
        </fieldset>

        <details>
          <summary>Settings of this form</summary>
          <div className="columns">
            <KindSettings kind={draft.kind} settings={draft.settings} onChange={(settings) => change({ settings })} actions={preview.data?.actions ?? []} />
          </div>
        </details>

        {ask.error && (
          <p role="alert" className="notice bad">
            <Icon name="warning" /> {ask.error.message}
          </p>
        )}
      </div>
      <footer>
        <div className="would-hold" role="status">
          {wrong !== null ? (
            <span className="bad">{wrong}</span>
          ) : preview.isError ? (
            <span className="bad">{preview.error.message}</span>
          ) : preview.data ? (
            <Held found={preview.data} stale={preview.isPlaceholderData} />
          ) : (
            <span className="muted">Counting…</span>
          )}
        </div>
        <button type="button" className="button quiet" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="button primary" disabled={wrong !== null || nothing || ask.isPending}>
          {ask.isPending ? "Asking…" : "Export"}
        </button>
      </footer>
    </form>
  );
}

function Held({ found, stale }: { found: ExportPreview; stale: boolean }) {
  const { train, val, test } = found.splits;
  return (
    <span className={stale ? "muted" : undefined}>
      <span className="strong">{found.n_segments === 0 ? "Nothing would be in it." : `Would hold ${previewWords(found)}.`}</span>{" "}
      {found.n_segments > 0 && (
        <span className="small muted">
          {formatCount(train.segments)} to train, {formatCount(val.segments)} to validate, {formatCount(test.segments)} to test.{" "}
        </span>
      )}
      <span className="small muted">{leftOutWords(found)}</span>
    </span>
  );
}

interface ActionsProps {
  found: ExportPreview;
  chosen: readonly number[] | null;
  onChange: (chosen: readonly number[] | null) => void;
}

/** All actions, or only some. Counts are of what the rest of the filter leaves. */
function Actions({ found, chosen, onChange }: ActionsProps) {
  const all = found.actions.map(({ id }) => id);
  const isIn = (id: number) => chosen === null || chosen.includes(id);
  const toggle = (id: number) => {
    const next = all.filter((one) => (one === id ? !isIn(one) : isIn(one)));
    onChange(next.length === all.length ? null : next);
  };
  return (
    <details className="export-actions">
      <summary>{chosen === null ? "All actions" : `${plural(chosen.length, "action")} of ${all.length}`}</summary>
      <ul>
        {found.actions.map((action) => (
          <li key={action.id}>
            <Check checked={isIn(action.id)} onChange={() => toggle(action.id)}>
              <ClusterSwatch cluster={action.colour} /> {action.name} <span className="muted small">{formatCount(action.n_segments)}</span>
            </Check>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The latest request once it has stayed the same for a moment; null while there is none. */
function useSettled(request: AskExport | null): AskExport | null {
  const text = JSON.stringify(request);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return request === null ? null : (JSON.parse(settled) as AskExport | null);
}
