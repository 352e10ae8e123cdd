import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { projectQuery } from "../../features/projects/queries";
import { RunList } from "../../features/runs/RunList";
import { paths } from "../../lib/paths";
import { DiscoverStep } from "./DiscoverStep";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

export function RunsRoute() {
  const id = useIdParam("project");
  const project = useQuery(projectQuery(id));
  useTitle("Runs", project.data?.name);
  const mayStart = project.data?.role === "manager" || project.data?.role === "owner";
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Runs</h1>
          <p className="muted">Each is one pass over the videos with one frozen configuration; none ever changes another.</p>
        </div>
        <Link className="button" to={paths.compareNewest(id)}>
          Compare
        </Link>
        {mayStart && project.data?.n_videos !== 0 && (
          <Link className="button" to={`/projects/${id}?discover=1`}>
            Discover…
          </Link>
        )}
      </div>
      <RunList project={id} step={<DiscoverStep project={id} />} />
    </div>
  );
}
