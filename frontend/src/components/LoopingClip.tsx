import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { loops } from "../lib/playBudget";
import { beat, Reel } from "../lib/reel";

interface LoopingClipProps {
  src: string | null;
  poster: string | null;
  label: string;
}

/** Clips of more stay videos: their pictures would fill the memory. */
const MOST_PICTURES = 32;

const stillPlease = () => window.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;

interface Caught {
  src: string;
  pictures: readonly ImageBitmap[];
  reel: Reel<unknown>;
  durationS: number;
}

/** A small silent loop that plays only in view, within the page's budget; who asked for less motion sees its poster until they point at it. */
export function LoopingClip({ src, poster, label }: LoopingClipProps) {
  const box = useRef<HTMLSpanElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [inView, setInView] = useState(false);
  const [pointed, setPointed] = useState(false);
  const [turn, setTurn] = useState(false);
  const [missing, setMissing] = useState<string | null>(null); // the address that gave no video
  const [caught, setCaught] = useState<Caught | null>(null);
  const [still] = useState(stillPlease);
  const whole = caught?.src === src && inView ? caught : null;

  useEffect(() => {
    const element = box.current;
    if (!element || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver(
      (entries) => {
        const visible = entries.some((entry) => entry.isIntersecting);
        setInView(visible);
        if (!visible) {
          setMissing(null); // it may have been made by the time it is looked at again
          setCaught(null);
        }
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

  useEffect(() => {
    const element = video.current;
    if (!turn || whole || src === null || !element) return;
    return catchPictures(element, (pictures, reel) => setCaught({ src, pictures, reel, durationS: element.duration }));
  }, [turn, whole, src]);

  useEffect(() => () => caught?.pictures.forEach((picture) => picture.close()), [caught]);

  return (
    <span ref={box} className="clip" onPointerEnter={() => setPointed(true)} onPointerLeave={() => setPointed(false)}>
      {src === null || missing === src ? (
        poster && missing === null ? (
          <img src={poster} alt={label} />
        ) : (
          <span className="none">no clip yet</span>
        )
      ) : whole ? (
        <Pictures {...whole} playing={turn} label={label} />
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

/** Shows the pictures of a whole reel in the page's beat: a page of videos is put together at each one's own moments. */
function Pictures({ pictures, reel, durationS, playing, label }: Caught & { playing: boolean; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const timeS = useRef(0);

  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d", { alpha: false });
    if (!context) return;
    let shown = -1;
    const show = () => {
      const index = reel.at(timeS.current);
      if (index !== shown) context.drawImage(pictures[index]!, 0, 0);
      shown = index;
    };
    show();
    if (!playing) return;
    let last = performance.now();
    return beat.add((nowMs) => {
      timeS.current = (timeS.current + (nowMs - last) / 1000) % durationS;
      last = nowMs;
      show();
    });
  }, [pictures, reel, durationS, playing]);

  return <canvas ref={canvas} width={pictures[0]!.width} height={pictures[0]!.height} role="img" aria-label={label} />;
}

/** Collects what the video shows until none of it is missing. Returns the giving up. */
function catchPictures(video: HTMLVideoElement, onWhole: (pictures: ImageBitmap[], reel: Reel<unknown>) => void): () => void {
  if (!("requestVideoFrameCallback" in video) || typeof createImageBitmap === "undefined") return () => undefined;
  const reel = new Reel<Promise<ImageBitmap>>();
  let [handle, kept, over] = [0, false, false];
  const discard = () => reel.pictures.forEach((picture) => void picture.then((bitmap) => bitmap.close()).catch(() => undefined));
  const next = () => {
    handle = video.requestVideoFrameCallback((_, { mediaTime }) => {
      reel.see(mediaTime, () => createImageBitmap(video, { resizeWidth: shownWidth(video), resizeQuality: "medium" }));
      if (reel.whole) {
        Promise.all(reel.pictures)
          .then((pictures) => {
            if (over) return;
            kept = true;
            onWhole(pictures, reel);
          })
          .catch(() => undefined); // it stays a video
      } else if (reel.length <= MOST_PICTURES) next();
      else discard();
    });
  };
  next();
  return () => {
    over = true;
    video.cancelVideoFrameCallback(handle);
    if (!kept) discard();
  };
}

const shownWidth = (video: HTMLVideoElement) => Math.max(1, Math.min(video.videoWidth, Math.ceil(video.clientWidth * devicePixelRatio)));
