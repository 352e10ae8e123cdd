import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { DatasetExport } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { Progress } from "../../components/Progress";
import { paths } from "../../lib/paths";
import { formatBytes } from "../../lib/size";
import { formatAgo } from "../../lib/time";
import { plural } from "../../lib/words";
import { CopyButton } from "./CopyButton";
import { ExportCard } from "./ExportCard";
import { kindOf } from "./kinds";
import { useAskExport, useCancelExport, useDeleteExport } from "./mutations";
import { exportsQuery, isUnfinished } from "./queries";
import { filterWords, splitWords } from "./words";
import "./exports.css";

interface ExportListProps {
  project: number;
  mayExport: boolean;
  /** The export whose card is open. */
  open: string | null;
  onOpen: (id: string | null) => void;
  /** What an empty list offers. */
  step?: ReactNode;
}

export function ExportList({ project, mayExport, open, onOpen, step }: ExportListProps) {
  const exports = useQuery(exportsQuery(project));
  const [deleting, setDeleting] = useState<DatasetExport | null>(null);

  if (exports.isPending) return <Skeleton label="Loading exports…" height={76} rows={3} gap={1} />;
  if (exports.isError) return <Failed what="The exports could not be read" error={exports.error} onRetry={() => void exports.refetch()} />;
  return (
    <>
      {exports.data.length === 0 ? (
        <Empty title="No exports yet" icon="download" actions={step}>
          An export hands a frozen version of the vocabulary on, with its primitives, as a file that a trainer loads. Asked for again, the
          same version and filter give the same bytes.
        </Empty>
      ) : (
        <ul className="export-list panel" aria-label="Exports">
          {exports.data.map((row) => (
            <ExportRow
              key={row.id}
              row={row}
              mayExport={mayExport}
              open={open === row.id}
              onOpen={(wanted) => onOpen(wanted ? row.id : null)}
              onDelete={() => setDeleting(row)}
            />
          ))}
        </ul>
      )}
      {deleting && <DeleteExport row={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

interface ExportRowProps {
  row: DatasetExport;
  mayExport: boolean;
  open: boolean;
  onOpen: (open: boolean) => void;
  onDelete: () => void;
}

function ExportRow({ row, mayExport, open, onOpen, onDelete }: ExportRowProps) {
  const kind = kindOf(row.kind);
  const name = `${kind.name} of version ${row.version_number}`;
  const done = row.status === "done";
  return (
    <li className="export-row">
      <div className="what">
        <h3 className="row wrap">
          <span>{kind.name}</span>
          <Link className="version muted" to={paths.versions(row.project)}>
            version {row.version_number}, {row.version_name}
          </Link>
        </h3>
        <p className="small muted">
          {filterWords(row.options)} · {splitWords(row.options)}
        </p>
      </div>
      <div className="state-cell">
        <State row={row} name={name} />
      </div>
      <div className="actions">
        {row.file_url !== null && mayExport && (
          <a className="button" href={row.file_url} aria-label={`Download ${row.filename}`} title={row.filename}>
            <Icon name="download" /> Download
          </a>
        )}
        {mayExport && isUnfinished(row) && <Cancel row={row} name={name} />}
        {mayExport && (row.status === "failed" || row.status === "cancelled" || row.gone_at !== null) && <Again row={row} name={name} />}
        {done && (
          <button
            type="button"
            className="icon-button"
            aria-expanded={open}
            aria-label={`Card of ${name}`}
            title="What is in it, and how to load it"
            onClick={() => onOpen(!open)}
          >
            <Icon name="chevron" />
          </button>
        )}
        {mayExport && !isUnfinished(row) && (
          <button type="button" className="icon-button" aria-label={`Delete ${name}`} title="Delete" onClick={onDelete}>
            <Icon name="trash" />
          </button>
        )}
      </div>
      {open && done && <ExportCard row={row} />}
    </li>
  );
}

function State({ row, name }: { row: DatasetExport; name: string }) {
  if (isUnfinished(row))
    return (
      <div className="doing">
        <span className="small muted clip-text">
          {row.status === "queued" ? "waiting for a worker" : row.message || "starting"}
          {row.n_segments !== null && ` · ${plural(row.n_segments, "primitive")}`}
        </span>
        <Progress value={row.status === "queued" ? 0 : row.progress} label={name} />
      </div>
    );
  if (row.status === "failed")
    return (
      <p className="bad reason">
        <Icon name="warning" /> <span>{row.reason || "It failed."}</span>
      </p>
    );
  if (row.status === "cancelled") return <p className="small muted">Cancelled {formatAgo(row.finished_at ?? row.created_at)}</p>;
  return (
    <div className="done">
      <p className="facts">
        {row.n_segments !== null && <span>{plural(row.n_segments, "primitive")}</span>}
        {row.size_bytes !== null && <span>{formatBytes(row.size_bytes)}</span>}
        <span>{formatAgo(row.finished_at ?? row.created_at)}</span>
        <span>{row.asked_by}</span>
      </p>
      {row.gone_at === null ? (
        <p className="sha small muted">
          <span className="clip-text">
            sha256 <code title={row.sha256}>{row.sha256.slice(0, 16)}…</code>
          </span>
          <CopyButton text={row.sha256} label={`Copy the SHA-256 of ${row.filename}`} />
        </p>
      ) : (
        <p className="small muted">The file was removed {formatAgo(row.gone_at)}; made again, it has the same bytes.</p>
      )}
    </div>
  );
}

function Cancel({ row, name }: { row: DatasetExport; name: string }) {
  const cancel = useCancelExport(row.project);
  return (
    <button type="button" className="button quiet" aria-label={`Cancel ${name}`} disabled={cancel.isPending} onClick={() => cancel.mutate(row.id)}>
      Cancel
    </button>
  );
}

/** Asks for the same once more: the server takes it for the next try of this one. */
function Again({ row, name }: { row: DatasetExport; name: string }) {
  const ask = useAskExport(row.project);
  return (
    <>
      {ask.error && (
        <span role="alert" className="bad small">
          {ask.error.message}
        </span>
      )}
      <button
        type="button"
        className="button"
        aria-label={`${row.gone_at === null ? "Try again" : "Make again"}: ${name}`}
        disabled={ask.isPending}
        onClick={() => ask.mutate({ version: row.version, kind: row.kind, options: row.options })}
      >
        <Icon name="retry" /> {row.gone_at === null ? "Try again" : "Make again"}
      </button>
    </>
  );
}

function DeleteExport({ row, onClose }: { row: DatasetExport; onClose: () => void }) {
  const remove = useDeleteExport(row.project);
  return (
    <Dialog title="Delete this export?" onClose={onClose}>
      <div className="body">
        <p>
          {kindOf(row.kind).name} of version {row.version_number} ({row.version_name}). Its file goes with it; the version stays, and can be
          exported again.
        </p>
        {remove.error && (
          <p role="alert" className="notice bad">
            <Icon name="warning" /> {remove.error.message}
          </p>
        )}
      </div>
      <footer>
        <button type="button" className="button quiet" onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="button danger" disabled={remove.isPending} onClick={() => remove.mutate(row.id, { onSuccess: onClose })}>
          Delete export
        </button>
      </footer>
    </Dialog>
  );
}
