import { useId, useState, type FormEvent } from "react";
import type { Video } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { useSetLicence } from "./mutations";

const USUAL = ["CC0 1.0", "CC BY 4.0", "CC BY-SA 4.0", "CC BY-NC 4.0", "Internal use only"];

/** Under which terms a video may be used; who may, changes it here. */
export function Licence({ video, mayChange }: { video: Pick<Video, "id" | "project" | "title" | "licence">; mayChange: boolean }) {
  const [changing, setChanging] = useState(false);
  if (!mayChange) return video.licence ? <span>licence {video.licence}</span> : null;
  return (
    <span>
      <button
        type="button"
        className="link-button"
        aria-label={video.licence ? `Licence of ${video.title}: ${video.licence}` : `Note a licence for ${video.title}`}
        onClick={() => setChanging(true)}
      >
        {video.licence ? `licence ${video.licence}` : "note a licence"}
      </button>
      {changing && <ChangeLicence video={video} onClose={() => setChanging(false)} />}
    </span>
  );
}

function ChangeLicence({ video, onClose }: { video: Pick<Video, "id" | "project" | "title" | "licence">; onClose: () => void }) {
  const id = useId();
  const [licence, setLicence] = useState(video.licence);
  const save = useSetLicence(video.project);

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate({ id: video.id, licence: licence.trim() }, { onSuccess: onClose });
  }

  return (
    <Dialog title="Licence" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="body">
          <p className="muted">
            Under which terms {video.title} may be used. Versions frozen from now on carry it, and so does the card of their exports.
          </p>
          <div className="field">
            <label htmlFor={id}>Licence</label>
            <input id={id} className="input" list={`${id}-usual`} maxLength={200} value={licence} onChange={(event) => setLicence(event.target.value)} />
            <datalist id={`${id}-usual`}>
              {USUAL.map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
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
          <button type="submit" className="button primary" disabled={save.isPending || licence.trim() === video.licence}>
            Save
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
