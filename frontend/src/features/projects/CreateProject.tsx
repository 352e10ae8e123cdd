import { useState, type FormEvent } from "react";
import type { Project } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { useCreateProject } from "./mutations";

interface CreateProjectProps {
  onClose: () => void;
  onCreated: (project: Project) => void;
}

export function CreateProject({ onClose, onCreated }: CreateProjectProps) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useCreateProject();

  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate({ name: name.trim(), description: description.trim() }, { onSuccess: onCreated });
  }

  return (
    <Dialog title="New project" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="body">
          <p className="muted">One workstation or one task: its videos share a vocabulary of primitives.</p>
          <div className="field">
            <label htmlFor="project-name">Name</label>
            <input
              id="project-name"
              className="input"
              required
              maxLength={200}
              placeholder="Motor line 3"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </div>
          <div className="field">
            <label htmlFor="project-description">Description, if you like</label>
            <textarea
              id="project-description"
              className="input"
              rows={3}
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          </div>
          {create.error && (
            <p role="alert" className="notice bad">
              <Icon name="warning" /> {create.error.message}
            </p>
          )}
        </div>
        <footer>
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={create.isPending || name.trim() === ""}>
            Create project
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
