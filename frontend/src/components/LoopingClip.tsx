import { useEffect, useRef, useState } from "react";
import { loops } from "../lib/playBudget";

interface LoopingClipProps {
  src: string | null;
  poster: string | null;
  label: string;
}

const stillPlease = () => window.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;

/** A small silent loop that plays only in view, within the page's budget; who asked for less motion sees its poster until they point at it. */
export function LoopingClip({ src, poster, label }: LoopingClipProps) {
  const box = useRef<HTMLSpanElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [inView, setInView] = useState(false);
  const [pointed, setPointed] = useState(false);
  const [turn, setTurn] = useState(false);
  const [missing, setMissing] = useState<string | null>(null); // the address that gave no video
  const [still] = useState(stillPlease);

  useEffect(() => {
    const element = box.current;
    if (!element || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver(
      (entries) => {
        const visible = entries.some((entry) => entry.isIntersecting);
        setInView(visible);
        if (!visible) setMissing(null); // it may have been made by the time it is looked at again
      },
      { rootMargin: "40px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const wanted = src !== null && inView && (!still || pointed);
  useEffect(() => {
    if (!wanted) return;
    const giveBack = loops.request(setTurn);
    return () => {
      giveBack();
      setTurn(false);
    };
  }, [wanted]);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    // A refusal to play (a hidden tab, a saver mode) leaves the poster, which is all there is to do.
    if (turn) void element.play().catch(() => undefined);
    else element.pause();
  }, [turn, src]);

  return (
    <span ref={box} className="clip" onPointerEnter={() => setPointed(true)} onPointerLeave={() => setPointed(false)}>
      {src === null || missing === src ? (
        poster && missing === null ? (
          <img src={poster} alt={label} />
        ) : (
          <span className="none">no clip yet</span>
        )
      ) : (
        <video
          ref={video}
          src={inView ? src : undefined}
          poster={poster ?? undefined}
          aria-label={label}
          muted
          loop
          playsInline
          onError={() => setMissing(src)}
          preload={turn ? "auto" : "none"}
          disableRemotePlayback
        />
      )}
    </span>
  );
}
