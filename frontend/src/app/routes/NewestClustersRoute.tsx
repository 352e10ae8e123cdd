import { paths } from "../../lib/paths";
import { NewestRun } from "./NewestRun";

/** "Actions" of a project are those of its newest run that has any. */
export function NewestClustersRoute() {
  return (
    <NewestRun
      title="Actions"
      has={(run) => run.status === "done"}
      hrefOf={paths.clusters}
      none="No actions yet"
      onItsWay="A run is on its way; its clusters come last."
      without="A run cuts the videos into primitives and puts those that move alike together."
    />
  );
}
