import { useQuery } from "@tanstack/react-query";
import { Link, Navigate } from "react-router";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { runsQuery } from "../../features/runs/queries";
import { paths } from "../../lib/paths";
import { DiscoverStep } from "./DiscoverStep";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** "Actions" of a project are those of its newest run that has any. */
export function NewestClustersRoute() {
  const project = useIdParam("project");
  const runs = useQuery(runsQuery(project));
  useTitle("Actions");

  if (runs.isPending)
    return (
      <div className="page">
        <Skeleton label="Loading runs…" height={320} />
      </div>
    );
  if (runs.isError) return <Failed what="The runs could not be read" error={runs.error} onRetry={() => void runs.refetch()} />;
  const newest = runs.data.filter((run) => run.status === "done").sort((a, b) => b.number - a.number)[0];
  if (newest) return <Navigate replace to={paths.clusters(project, newest.id)} />;
  const active = runs.data.find((run) => run.status === "queued" || run.status === "running");
  return (
    <div className="page">
      <Empty
        title="No actions yet"
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
        {active ? "A run is on its way; its clusters come last." : "A run cuts the videos into primitives and puts those that move alike together."}
      </Empty>
    </div>
  );
}
