import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { Progress } from "../../components/Progress";
import { TableWell } from "../../components/TableWell";
import { formatAgo } from "../../lib/time";
import { formatCount } from "../../lib/words";
import { decimals } from "./words";
import { progressQuery } from "./queries";
import "./agreement.css";

/** Who was asked for how much, and how far they are. */
export function ProgressPanel({ run, step }: { run: number; step?: ReactNode }) {
  const progress = useQuery(progressQuery(run));

  if (progress.isPending) return <Skeleton label="Loading progress…" height={32} rows={4} gap={1} />;
  if (progress.isError) return <Failed what="The progress could not be read" error={progress.error} onRetry={() => void progress.refetch()} />;
  if (progress.data.length === 0)
    return (
      <Empty small title="Nobody can review yet" actions={step}>
        Invite people as reviewers under Members.
      </Empty>
    );
  return (
    <section className="panel review-panel" aria-label="Progress">
      <h2>Progress</h2>
      <TableWell label="Progress by reviewer">
        <table className="figures-table">
          <thead>
            <tr>
              <th scope="col">Reviewer</th>
              <th scope="col" className="figure">
                Assigned
              </th>
              <th scope="col" className="figure">
                Done
              </th>
              <th scope="col" className="strip">
                <span className="visually-hidden">Share done</span>
              </th>
              <th scope="col" className="figure">
                Skipped
              </th>
              <th scope="col" className="figure">
                Flagged
              </th>
              <th scope="col" className="figure" title="Mean time a primitive was looked at">
                Pace
              </th>
              <th scope="col">Last seen</th>
            </tr>
          </thead>
          <tbody>
            {progress.data.map((row) => (
              <tr key={row.reviewer}>
                <th scope="row">
                  <bdi>{row.name}</bdi>
                </th>
                <td className="figure">{formatCount(row.assigned)}</td>
                <td className="figure">{formatCount(row.done)}</td>
                <td className="strip">
                  {row.assigned > 0 && <Progress value={(row.done + row.skipped) / row.assigned} label={`${row.name}: share of what was assigned`} />}
                </td>
                <td className="figure">{formatCount(row.skipped)}</td>
                <td className="figure">{formatCount(row.flagged)}</td>
                <td className="figure">{row.mean_seconds === null ? "–" : `${decimals(row.mean_seconds, 1)} s`}</td>
                <td className="muted">{row.last_seen === null ? "not yet" : formatAgo(row.last_seen)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableWell>
      {progress.data.every(({ assigned, done }) => assigned === 0 && done === 0) && (
        <p className="row wrap muted">Nothing has been given out in this run yet. {step}</p>
      )}
    </section>
  );
}
