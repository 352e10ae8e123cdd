import { useQuery } from "@tanstack/react-query";
import { Link, Navigate } from "react-router";
import type { Run } from "../../api/types";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { runsQuery } from "../../features/runs/queries";
import { paths } from "../../lib/paths";
import { DiscoverStep } from "./DiscoverStep";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

interface NewestRunProps {
  title: string;
  has: (run: Run) => boolean;
  hrefOf: (project: number, run: number) => string;
  /** What there is none of yet, and why. */
  none: string;
  onItsWay: string;
  without: string;
}

/** A page of a project that is the one of its newest run that has it. */
export function NewestRun({ title, has, hrefOf, none, onItsWay, without }: NewestRunProps) {
  const project = useIdParam("project");
  const runs = useQuery(runsQuery(project));
  useTitle(title);

  if (runs.isPending)
    return (
      <div className="page">
        <Skeleton label="Loading runs…" height={320} />
      </div>
    );
  if (runs.isError) return <Failed what="The runs could not be read" error={runs.error} onRetry={() => void runs.refetch()} />;
  const newest = runs.data.filter(has).sort((a, b) => b.number - a.number)[0];
  if (newest) return <Navigate replace to={hrefOf(project, newest.id)} />;
  const active = runs.data.find((run) => run.status === "queued" || run.status === "running");
  return (
    <div className="page">
      <div className="page-head">
        <h1>{title}</h1>
      </div>
      <Empty
        title={none}
        icon="map"
        actions={
          active ? (
            <Link className="button" to={paths.run(project, active.id)}>
              Watch run {active.number}
            </Link>
          ) : (
            <DiscoverStep project={project} />
          )
        }
      >
        {active ? onItsWay : without}
      </Empty>
    </div>
  );
}
