import { useState, type FormEvent } from "react";
import type { Project } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Refusal } from "../../components/Refusal";
import { TextField } from "../../components/TextField";
import { useChangeProject, useDeleteProject } from "./mutations";

/** What only owners do to a project as a whole. */
export function ProjectSettings({ project, onDeleted }: { project: Project; onDeleted: () => void }) {
  const [name, setName] = useState(project.name);
  const [description, setDescription] = useState(project.description);
  const [deleting, setDeleting] = useState(false);
  const change = useChangeProject(project.id);
  const same = name.trim() === project.name && description.trim() === project.description;

  function submit(event: FormEvent) {
    event.preventDefault();
    change.mutate({ name: name.trim(), description: description.trim() });
  }

  return (
    <>
      <form className="stack" onSubmit={submit} aria-label="Name and description">
        <TextField label="Name" required maxLength={120} value={name} onChange={setName} />
        <div className="field">
          <label htmlFor="project-words">Description</label>
          <textarea id="project-words" className="input" rows={2} maxLength={5000} value={description} onChange={(event) => setDescription(event.target.value)} />
        </div>
        <Refusal error={change.error} />
        <div className="row wrap">
          <button type="submit" className="button" disabled={change.isPending || same || name.trim() === ""}>
            Save
          </button>
          <button type="button" className="button danger push" onClick={() => setDeleting(true)}>
            Delete project…
          </button>
        </div>
      </form>
      {deleting && <DeleteProject project={project} onClose={() => setDeleting(false)} onDeleted={onDeleted} />}
    </>
  );
}

function DeleteProject({ project, onClose, onDeleted }: { project: Project; onClose: () => void; onDeleted: () => void }) {
  const [typed, setTyped] = useState("");
  const remove = useDeleteProject(project.id);

  function submit(event: FormEvent) {
    event.preventDefault();
    remove.mutate(typed, { onSuccess: onDeleted });
  }

  return (
    <Dialog title="Delete this project?" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="body">
          <p>
            Its videos, runs, vocabulary, reviews, versions and exports go, for everybody. This cannot be undone. To go on, type its
            name: <span className="strong">{project.name}</span>
          </p>
          <TextField label="Name of the project" autoComplete="off" required value={typed} onChange={setTyped} />
          <Refusal error={remove.error} />
        </div>
        <footer>
          <button type="button" className="button quiet" onClick={onClose}>
            Keep it
          </button>
          <button type="submit" className="button danger" disabled={remove.isPending || typed !== project.name}>
            {remove.isPending ? "Deleting…" : "Delete project"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
