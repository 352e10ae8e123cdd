import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { AuditLog } from "../../features/audit/AuditLog";
import { auditChoicesQuery, tableAddress, type AuditFilter } from "../../features/audit/queries";
import { projectQuery } from "../../features/projects/queries";
import { idFrom, setOrDrop, usePatchSearch } from "../../lib/search";
import { spoken } from "../../lib/words";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** The append-only log of a project, for managers and owners. */
export function AuditRoute() {
  const id = useIdParam("project");
  const project = useQuery(projectQuery(id));
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  const mayRead = project.data?.role === "manager" || project.data?.role === "owner";
  const choices = useQuery({ ...auditChoicesQuery(id), enabled: mayRead });
  useTitle("Audit log", project.data?.name);

  if (project.isPending)
    return (
      <div className="page">
        <Skeleton label="Loading the log…" height={32} rows={8} gap={1} />
      </div>
    );
  if (project.isError) return <Failed what="The project could not be read" error={project.error} onRetry={() => void project.refetch()} />;
  if (!mayRead)
    return (
      <div className="page">
        <Empty title="The log is for managers" icon="clock">
          It says who did what in the project. Ask a manager or owner if you need to know.
        </Empty>
      </div>
    );
  const filter: AuditFilter = { kind: params.get("kind"), by: idFrom(params, "by") };
  const kinds = choices.data?.kinds ?? [];
  const nouns = [...new Set(kinds.map((kind) => kind.split(".")[0]!))];
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Audit log</h1>
          <p className="muted">Who did what, as it happened. Entries can be neither changed nor deleted.</p>
        </div>
        <label className="row">
          <span className="muted small">Kind</span>
          <select className="select" value={filter.kind ?? ""} onChange={(event) => patchSearch((next) => setOrDrop(next, "kind", event.target.value || null))}>
            <option value="">all</option>
            {filter.kind !== null && !kinds.includes(filter.kind) && !nouns.includes(filter.kind) && <option value={filter.kind}>{spoken(filter.kind)}</option>}
            {nouns.map((noun) => (
              <optgroup key={noun} label={spoken(noun)}>
                <option value={noun}>all of {spoken(noun)}</option>
                {kinds
                  .filter((kind) => kind.startsWith(`${noun}.`))
                  .map((kind) => (
                    <option key={kind} value={kind}>
                      {spoken(kind)}
                    </option>
                  ))}
              </optgroup>
            ))}
          </select>
        </label>
        <label className="row">
          <span className="muted small">By</span>
          <select className="select" value={filter.by ?? ""} onChange={(event) => patchSearch((next) => setOrDrop(next, "by", event.target.value || null))}>
            <option value="">everybody</option>
            {(choices.data?.people ?? []).map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <a className="button" href={tableAddress(id, filter)} download>
          <Icon name="download" /> CSV
        </a>
      </div>
      <AuditLog project={id} filter={filter} />
    </div>
  );
}
