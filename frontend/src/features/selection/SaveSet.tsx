import { useState, type FormEvent } from "react";
import type { PrimitiveSet } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { plural } from "../../lib/words";
import { useSaveSet } from "./mutations";

interface SaveSetProps {
  project: number;
  run: number;
  ids: readonly number[];
  forReview: boolean;
  onClose: () => void;
  onSaved: (set: PrimitiveSet) => void;
}

export function SaveSet({ project, run, ids, forReview, onClose, onSaved }: SaveSetProps) {
  const [name, setName] = useState("");
  const save = useSaveSet(project);

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate({ run, name: name.trim(), ids: [...ids], for_review: forReview }, { onSuccess: onSaved });
  }

  return (
    <Dialog title={forReview ? "Send to review" : "Save as a set"} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="body">
          <p className="muted">
            {plural(ids.length, "primitive")} {forReview ? "will wait for reviewers, kept under this name." : "stay together under this name, whatever is selected later."}
          </p>
          <div className="field">
            <label htmlFor="set-name">Name</label>
            <input id="set-name" className="input" required maxLength={120} value={name} onChange={(event) => setName(event.target.value)} />
          </div>
          {save.error && (
            <p role="alert" className="notice bad">
              <Icon name="warning" /> {save.error.message}
            </p>
          )}
        </div>
        <footer>
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={save.isPending || name.trim() === ""}>
            {forReview ? "Send to review" : "Save set"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
