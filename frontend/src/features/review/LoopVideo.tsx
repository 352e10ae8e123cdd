import { useEffect, useRef } from "react";

interface LoopVideoProps {
  src: string;
  fromS: number;
  toS: number;
  label: string;
  /** The one looked at; another waits behind it, loaded and at its beginning. */
  shown: boolean;
  playing: boolean;
  onTime: (timeS: number) => void;
  onRefused: () => void;
  onToggle: () => void;
}

/** A stretch of a video, again and again. */
export function LoopVideo({ src, fromS, toS, label, shown, playing, onTime, onRefused, onToggle }: LoopVideoProps) {
  const video = useRef<HTMLVideoElement>(null);
  const range = useRef({ fromS, toS });

  useEffect(() => {
    range.current = { fromS, toS };
    const element = video.current;
    if (!element) return;
    const begin = () => {
      if (element.currentTime < fromS - 0.05 || element.currentTime >= toS) element.currentTime = fromS + 1e-3;
    };
    if (element.readyState >= 1) begin();
    element.addEventListener("loadedmetadata", begin);
    return () => element.removeEventListener("loadedmetadata", begin);
  }, [fromS, toS, src]);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    if (!shown || !playing) {
      element.pause();
      if (shown) onTime(element.currentTime);
      return;
    }
    void Promise.resolve(element.play()).catch((error: unknown) => {
      // Taken over by another clip before it began is no refusal.
      if (!(error instanceof DOMException && error.name === "AbortError")) onRefused();
    });
    let frame = 0;
    const watch = () => {
      const { fromS: from, toS: to } = range.current;
      if (!element.seeking && (element.currentTime >= to || element.ended || element.currentTime < from - 0.25)) {
        element.currentTime = from + 1e-3;
        if (element.ended) void Promise.resolve(element.play()).catch(() => undefined);
      }
      onTime(element.currentTime);
      frame = requestAnimationFrame(watch);
    };
    frame = requestAnimationFrame(watch);
    return () => cancelAnimationFrame(frame);
  }, [shown, playing, onTime, onRefused]);

  return (
    // The picture is a large target for the pointer; the button below and the space bar do the same.
    <video
      ref={video}
      src={src}
      className={shown ? "here" : "waits"}
      aria-label={shown ? label : undefined}
      aria-hidden={shown ? undefined : true}
      muted
      playsInline
      preload="auto"
      disablePictureInPicture
      disableRemotePlayback
      onClick={onToggle}
    />
  );
}
