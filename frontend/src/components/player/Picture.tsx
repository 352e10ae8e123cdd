import { useState } from "react";
import { Failed } from "../PanelState";
import "./player.css";

interface PictureProps {
  source: string;
  poster: string | null;
  title: string;
  attach: (element: HTMLVideoElement | null) => void;
  onToggle: () => void;
}

/** One view of the work: its picture, or why it does not play. */
export function Picture({ source, poster, title, attach, onToggle }: PictureProps) {
  const [failed, setFailed] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  return (
    <div className="picture">
      {/* The picture is a large target for the pointer; the transport and the space bar do the same. */}
      <video
        key={attempt}
        ref={attach}
        src={source}
        poster={poster ?? undefined}
        aria-label={title}
        muted
        playsInline
        preload="auto"
        disablePictureInPicture
        onClick={onToggle}
        onError={(event) => setFailed(whyNot(event.currentTarget.error))}
        onLoadedData={() => setFailed(null)}
      />
      {failed !== null && (
        <div className="picture-failed">
          <Failed
            small
            what="The video does not play"
            error={new Error(failed)}
            onRetry={() => {
              setFailed(null);
              setAttempt((n) => n + 1);
            }}
          />
        </div>
      )}
    </div>
  );
}

/** The element's own messages are for its makers. */
function whyNot(error: MediaError | null): string {
  if (error?.code === MediaError.MEDIA_ERR_NETWORK) return "The connection broke while it was read.";
  if (error?.code === MediaError.MEDIA_ERR_DECODE) return "It is damaged, or in a form this browser cannot decode.";
  return "The server did not give it, or this browser cannot play its form.";
}
