import type { Video } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { plural } from "../../lib/words";
import { useRemoveVideo } from "./mutations";

export function RemoveVideo({ video, onClose }: { video: Video; onClose: () => void }) {
  const remove = useRemoveVideo(video.project);
  return (
    <Dialog title="Remove this video?" onClose={onClose}>
      <div className="body">
        <p>
          <span className="strong">{video.title}</span> and everything found in it
          {video.n_segments ? ` (${plural(video.n_segments, "primitive")})` : ""} leave the project, in every run. This
          cannot be undone.
        </p>
        {remove.error && (
          <p role="alert" className="notice bad">
            <Icon name="warning" /> {remove.error.message}
          </p>
        )}
      </div>
      <footer>
        <button type="button" className="button quiet" onClick={onClose}>
          Keep it
        </button>
        <button
          type="button"
          className="button danger"
          disabled={remove.isPending}
          onClick={() => remove.mutate(video.id, { onSuccess: onClose })}
        >
          {remove.isPending ? "Removing…" : "Remove video"}
        </button>
      </footer>
    </Dialog>
  );
}
