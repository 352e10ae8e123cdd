import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useLocation } from "react-router";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { runsQuery } from "../../features/runs/queries";
import { paths } from "../../lib/paths";
import { DiscoverStep } from "./DiscoverStep";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** "Map" of a project is that of its newest run that has one. */
export function NewestMapRoute() {
  const project = useIdParam("project");
  const { search } = useLocation();
  const runs = useQuery(runsQuery(project));
  useTitle("Map");

  if (runs.isPending)
    return (
      <div className="page">
        <Skeleton label="Loading runs…" height={320} />
      </div>
    );
  if (runs.isError) return <Failed what="The runs could not be read" error={runs.error} onRetry={() => void runs.refetch()} />;
  const newest = runs.data.filter((run) => run.n_clusters_found > 0).sort((a, b) => b.number - a.number)[0];
  if (newest) return <Navigate replace to={paths.map(project, newest.id) + search} />;
  const active = runs.data.find((run) => run.status === "queued" || run.status === "running");
  return (
    <div className="page">
      <Empty
        title="No map yet"
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
        {active ? "A run is on its way; its map comes last." : "A run cuts the videos into primitives and places those that move alike near each other."}
      </Empty>
    </div>
  );
}
