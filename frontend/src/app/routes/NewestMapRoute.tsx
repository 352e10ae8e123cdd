import { useLocation } from "react-router";
import { paths } from "../../lib/paths";
import { NewestRun } from "./NewestRun";

/** "Map" of a project is that of its newest run that has one. */
export function NewestMapRoute() {
  const { search } = useLocation();
  return (
    <NewestRun
      title="Map"
      has={(run) => run.n_clusters_found > 0}
      hrefOf={(project, run) => paths.map(project, run) + search}
      none="No map yet"
      onItsWay="A run is on its way; its map comes last."
      without="A run cuts the videos into primitives and places those that move alike near each other."
    />
  );
}
