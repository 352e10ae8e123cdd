import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { projectQuery } from "../../features/projects/queries";
import { paths } from "../../lib/paths";

/** The step out of a place that a first run would fill: videos where there are none, a run by who may start one. */
export function DiscoverStep({ project }: { project: number }) {
  const { data } = useQuery(projectQuery(project));
  if (!data) return null;
  const mayStart = data.role === "manager" || data.role === "owner";
  if (!mayStart)
    return (
      <Link className="button" to={paths.videos(project)}>
        See the videos
      </Link>
    );
  return data.n_videos === 0 ? (
    <Link className="button primary" to={paths.videos(project)}>
      Add videos
    </Link>
  ) : (
    <Link className="button primary" to={`${paths.videos(project)}?discover=1`}>
      Discover primitives
    </Link>
  );
}
