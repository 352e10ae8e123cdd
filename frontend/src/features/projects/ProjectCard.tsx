import { Link } from "react-router";
import type { Project } from "../../api/types";
import { Icon } from "../../components/Icon";
import { formatSpan } from "../../lib/time";
import { plural } from "../../lib/words";
import "./projects.css";

export function ProjectCard({ project }: { project: Project }) {
  return (
    <li className="project-card panel">
      <span className="poster">
        {project.poster_url ? <img src={project.poster_url} alt="" loading="lazy" /> : <Icon name="videos" size={32} />}
      </span>
      <div className="words">
        <h2>
          <Link to={`/projects/${project.id}`}>{project.name}</Link>
        </h2>
        {project.description && <p className="muted small description">{project.description}</p>}
        <p className="facts">
          <span>{plural(project.n_videos, "video")}</span>
          <span>{formatSpan(project.duration_s)}</span>
          <span>{plural(project.n_segments, "primitive")}</span>
        </p>
        {(project.synthetic || project.n_active_runs > 0) && (
          <p className="row wrap">
            {project.synthetic && <span className="badge">synthetic</span>}
            {project.n_active_runs > 0 && <span className="badge active">{project.n_active_runs} running</span>}
          </p>
        )}
      </div>
    </li>
  );
}
