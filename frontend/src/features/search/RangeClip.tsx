import { useEffect, useRef } from "react";

interface RangeClipProps {
  src: string;
  fromS: number;
  toS: number;
  label: string;
}

/** A stretch of a whole video, played again and again; who asked for less motion sees its first picture. */
export function RangeClip({ src, fromS, toS, label }: RangeClipProps) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const begin = () => {
      element.currentTime = fromS + 1e-3;
    };
    const again = () => {
      if (element.currentTime >= toS || element.currentTime < fromS - 0.5) begin();
    };
    element.addEventListener("loadedmetadata", begin);
    element.addEventListener("timeupdate", again);
    if (element.readyState >= 1) begin();
    // Refused (a hidden tab, a saver mode): the first picture stays, which is all there is to do.
    if (!window.matchMedia?.("(prefers-reduced-motion: reduce)").matches) void element.play()?.catch(() => undefined);
    return () => {
      element.removeEventListener("loadedmetadata", begin);
      element.removeEventListener("timeupdate", again);
    };
  }, [src, fromS, toS]);
  return (
    <span className="clip">
      <video ref={video} src={src} aria-label={label} muted playsInline preload="auto" disableRemotePlayback />
    </span>
  );
}
