import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Icon } from "../../components/Icon";
import { Popover } from "../../components/Popover";
import { projectQuery, projectsQuery } from "./queries";

/** The name of the project one is in; opens the others. */
export function ProjectSwitcher({ project }: { project: number }) {
  const here = useQuery(projectQuery(project));
  return (
    <Popover
      label={`Switch project: ${here.data?.name ?? "…"}`}
      align="left"
      className="button quiet switcher"
      trigger={
        <>
          <span className="clip-text">{here.data?.name ?? "…"}</span>
          <Icon name="chevron" size={14} />
        </>
      }
    >
      {(close) => <Others here={project} close={close} />}
    </Popover>
  );
}

function Others({ here, close }: { here: number; close: () => void }) {
  const projects = useQuery(projectsQuery);
  return (
    <>
      {projects.isPending && <p className="menu-note muted">Loading projects…</p>}
      {projects.isError && <p className="menu-note bad">{projects.error.message}</p>}
      {projects.data?.map((project) => (
        <Link
          key={project.id}
          to={`/projects/${project.id}`}
          className="menu-item"
          aria-current={project.id === here ? "page" : undefined}
          onClick={close}
        >
          <span className="clip-text">{project.name}</span>
          {project.synthetic && <span className="badge push">synthetic</span>}
        </Link>
      ))}
      <Link to="/projects" className="menu-item" onClick={close}>
        <Icon name="projects" /> All projects
      </Link>
    </>
  );
}
