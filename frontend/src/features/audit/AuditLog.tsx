import { useInfiniteQuery } from "@tanstack/react-query";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { TableWell } from "../../components/TableWell";
import { spoken } from "../../lib/words";
import { auditQuery, type AuditFilter } from "./queries";
import "./audit.css";

const when = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** Who did what, the newest first; nothing in it can be changed. */
export function AuditLog({ project, filter }: { project: number; filter: AuditFilter }) {
  const log = useInfiniteQuery(auditQuery(project, filter));

  if (log.isPending) return <Skeleton label="Loading the log…" height={32} rows={10} gap={1} />;
  if (log.isError) return <Failed what="The log could not be read" error={log.error} onRetry={() => void log.refetch()} />;
  const entries = log.data.pages.flatMap(({ results }) => results);
  if (entries.length === 0)
    return filter.kind === null && filter.by === null ? (
      <Empty title="Nothing has been done here yet" icon="clock">
        Uploads, runs, changes to the vocabulary, reviews, members and exports are written down as they happen.
      </Empty>
    ) : (
      <Empty title="No entry fits" icon="clock">
        Choose another kind or another person.
      </Empty>
    );
  return (
    <>
      <TableWell label="Entries" className="panel">
        <table className="audit-table">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">Kind</th>
              <th scope="col">What</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.id}>
                <td className="muted one-line">
                  <time dateTime={entry.at}>{when.format(new Date(entry.at))}</time>
                </td>
                <td>{entry.by === null ? <span className="muted">Kineme</span> : <bdi>{entry.by}</bdi>}</td>
                <td className="muted one-line">{spoken(entry.kind)}</td>
                <td dir="auto" className="what">
                  {entry.summary}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableWell>
      {log.hasNextPage && (
        <button type="button" className="button" onClick={() => void log.fetchNextPage()} disabled={log.isFetchingNextPage}>
          {log.isFetchingNextPage ? "Loading…" : "Show older"}
        </button>
      )}
    </>
  );
}
