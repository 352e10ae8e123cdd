import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { CreateProject } from "../../features/projects/CreateProject";
import { ProjectCard } from "../../features/projects/ProjectCard";
import { projectsQuery } from "../../features/projects/queries";
import { useTitle } from "./useTitle";

const NONE_YET_MS = 3_000; // at the first start the sample project comes while one looks
const NOW_AND_THEN_MS = 30_000;

export function ProjectsRoute() {
  useTitle("Projects");
  const projects = useQuery({ ...projectsQuery, refetchInterval: ({ state }) => (state.data?.length === 0 ? NONE_YET_MS : NOW_AND_THEN_MS) });
  const [creating, setCreating] = useState(false);
  const navigate = useNavigate();
  const create = (
    <button type="button" className="button primary" onClick={() => setCreating(true)}>
      <Icon name="plus" /> New project
    </button>
  );

  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Projects</h1>
        </div>
        {create}
      </div>
      {projects.isPending ? (
        <Skeleton label="Loading projects…" className="project-grid" height={300} rows={3} />
      ) : projects.isError ? (
        <Failed what="The projects could not be read" error={projects.error} onRetry={() => void projects.refetch()} />
      ) : projects.data.length === 0 ? (
        <Empty title="No projects yet" icon="projects" actions={create}>
          A project holds one workstation’s videos and the primitives found in them.
        </Empty>
      ) : (
        <ul className="project-grid" aria-label="Projects">
          {projects.data.map((project) => (
            <ProjectCard key={project.id} project={project} />
          ))}
        </ul>
      )}
      {creating && (
        <CreateProject
          onClose={() => setCreating(false)}
          onCreated={(project) => void navigate(`/projects/${project.id}`)}
        />
      )}
    </div>
  );
}
