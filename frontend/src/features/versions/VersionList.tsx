import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import type { Version } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Icon } from "../../components/Icon";
import { Failed, Skeleton } from "../../components/PanelState";
import { formatAgo } from "../../lib/time";
import { formatCount, formatFigure, formatShare, plural } from "../../lib/words";
import { versionQuery } from "./queries";

interface VersionListProps {
  versions: readonly Version[];
  runTo: (run: number) => string;
  /** Null: who looks may not export. */
  exportTo: (version: number) => string | null;
  compareTo: (before: number, after: number) => string;
  newest: number | null;
}

/** Frozen versions, the newest first. */
export function VersionList({ versions, runTo, exportTo, compareTo, newest }: VersionListProps) {
  return (
    <ol className="version-list" aria-label="Versions, the newest first">
      {versions.map((version, i) => (
        <Row key={version.id} version={version} before={versions[i + 1]} runTo={runTo} exportTo={exportTo} compareTo={compareTo} isNew={version.id === newest} />
      ))}
    </ol>
  );
}

interface RowProps extends Pick<VersionListProps, "runTo" | "exportTo" | "compareTo"> {
  version: Version;
  before: Version | undefined;
  isNew: boolean;
}

function Row({ version, before, runTo, exportTo, compareTo, isNew }: RowProps) {
  const [open, setOpen] = useState(false);
  const address = exportTo(version.id);
  return (
    <li className={isNew ? "panel version is-new" : "panel version"} aria-label={`Version ${version.number}, ${version.name}`}>
      <div className="version-head">
        <h2>
          <span className="muted">{version.number}</span> {version.name}
        </h2>
        <p className="small muted">
          {version.frozen_by}, <time dateTime={version.frozen_at}>{formatAgo(version.frozen_at)}</time> · <Link to={runTo(version.run)}>run {version.run_number}</Link> ·{" "}
          <span title={`SHA-256 of the content: ${version.digest}`}>{version.digest.slice(0, 10)}</span>
        </p>
        {version.note && <p className="version-note">{version.note}</p>}
      </div>
      <dl className="version-figures">
        <Figure name="actions" value={formatCount(version.n_actions)} />
        <Figure name="primitives" value={formatCount(version.n_segments)} />
        <Figure name="named" value={formatShare(version.n_named / Math.max(1, version.n_segments))} title={`${formatCount(version.n_named)} of ${formatCount(version.n_segments)} primitives belong to an action`} />
        <Figure name="rated" value={formatCount(version.n_rated)} title="Primitives somebody rated" />
        <Figure name="kept" value={formatCount(version.n_kept)} title="Of mean quality 2 or more" />
        <Figure name="alpha" value={formatFigure(version.alpha, 2)} title="Krippendorff’s alpha of quality, interval scale, when it was frozen" />
      </dl>
      <div className="row wrap version-actions">
        <button type="button" className="button small" aria-expanded={open} onClick={() => setOpen((was) => !was)}>
          <Icon name="chevron" size={12} /> Actions
        </button>
        {before && (
          <Link className="button small" to={compareTo(before.id, version.id)}>
            <Icon name="compare" /> Since version {before.number}
          </Link>
        )}
        {address && (
          <Link className="button small" to={address}>
            <Icon name="download" /> Export this version
          </Link>
        )}
      </div>
      {open && <ActionsOf version={version.id} />}
    </li>
  );
}

function Figure({ name, value, title }: { name: string; value: string; title?: string }) {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function ActionsOf({ version }: { version: number }) {
  const found = useQuery(versionQuery(version));
  if (found.isPending) return <Skeleton label="Loading its actions…" height={96} />;
  if (found.isError) return <Failed small what="The version could not be read" error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data.actions.length === 0) return <p className="hint">Nothing had a name then.</p>;
  return (
    <div className="table-well">
      <table className="version-table">
        <thead>
          <tr>
            <th scope="col">Action</th>
            <th scope="col">Primitive</th>
            <th scope="col">Key</th>
            <th scope="col" className="figure">
              primitives
            </th>
            <th scope="col" className="figure">
              rated
            </th>
            <th scope="col" className="figure">
              kept
            </th>
          </tr>
        </thead>
        <tbody>
          {found.data.actions.map((action) => (
            <tr key={action.id}>
              <th scope="row">
                <span className="row">
                  <ClusterSwatch cluster={action.colour} /> {action.name}
                  {action.deprecated && <span className="badge">deprecated</span>}
                </span>
                {action.description && <span className="small muted">{action.description}</span>}
              </th>
              <td>{action.primitive.replace("_", " ") || <span className="muted">–</span>}</td>
              <td>{action.digit ?? <span className="muted">–</span>}</td>
              <td className="figure">{formatCount(action.n_segments)}</td>
              <td className="figure">{formatCount(action.n_rated)}</td>
              <td className="figure">{formatCount(action.n_kept)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="hint">Over {plural(found.data.n_videos, "video")}.</p>
    </div>
  );
}
