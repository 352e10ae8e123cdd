import { useState, type CSSProperties, type PointerEvent } from "react";
import type { Sprite } from "../../api/types";
import { Icon } from "../../components/Icon";

interface ScrubPosterProps {
  poster: string | null;
  sprite: Sprite | null;
  durationS: number | null;
}

/** Which tile of the sprite shows the moment at `share` (0–1) of the video. */
export function tileAt(sprite: Sprite, durationS: number, share: number): { column: number; row: number } {
  const tiles = sprite.columns * sprite.rows;
  const last = Math.min(tiles - 1, Math.max(0, Math.ceil(durationS / sprite.interval_s) - 1));
  const tile = Math.min(last, Math.max(0, Math.floor((share * durationS) / sprite.interval_s)));
  return { column: tile % sprite.columns, row: Math.floor(tile / sprite.columns) };
}

/** The poster; moving over it runs through the video. An extra for the pointer: the row's link opens the video. */
export function ScrubPoster({ poster, sprite, durationS }: ScrubPosterProps) {
  const [share, setShare] = useState<number | null>(null);

  function onMove(event: PointerEvent<HTMLSpanElement>) {
    const box = event.currentTarget.getBoundingClientRect();
    setShare(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  }

  const scrubbing = share !== null && sprite !== null && durationS !== null && durationS > 0;
  let tile: CSSProperties | undefined;
  if (scrubbing) {
    const { column, row } = tileAt(sprite, durationS, share);
    tile = {
      backgroundImage: `url("${sprite.url}")`,
      backgroundSize: `${sprite.columns * 100}% ${sprite.rows * 100}%`,
      backgroundPosition: `${percentOf(column, sprite.columns)}% ${percentOf(row, sprite.rows)}%`,
      aspectRatio: `${sprite.tile_width} / ${sprite.tile_height}`,
    };
  }
  return (
    <span className="scrub-poster" onPointerMove={onMove} onPointerLeave={() => setShare(null)}>
      {poster ? <img src={poster} alt="" loading="lazy" /> : <Icon name="videos" size={24} />}
      {scrubbing && (
        <>
          <span className="tile" style={tile} />
          <span className="at" style={{ left: `${share * 100}%` }} />
        </>
      )}
    </span>
  );
}

const percentOf = (index: number, count: number): number => (count > 1 ? (index / (count - 1)) * 100 : 0);
