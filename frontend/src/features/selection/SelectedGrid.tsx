import { memo, useLayoutEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { MapColumns } from "../../api/map";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { LoopingClip } from "../../components/LoopingClip";
import { formatSeconds, formatTime } from "../../lib/time";

interface SelectedGridProps {
  map: MapColumns;
  points: Uint32Array;
  groupOf: (point: number) => { name: string; colour: number | null };
  linkTo: (point: number) => string;
  onPoint: (point: number | null) => void;
}

const GAP = 12;
const NARROWEST = 128;
const CAPTION = 44;
const BEYOND_ROWS = 2;

/** The selected primitives as loops. Only the rows in view are there: a selection may hold all of 100,000. */
export const SelectedGrid = memo(function SelectedGrid({ map, points, groupOf, linkTo, onPoint }: SelectedGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const scrolled = useRef(false);
  const [room, setRoom] = useState({ width: 400, height: 600, top: 0 });

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const read = () =>
      setRoom((before) => {
        const next = { width: element.clientWidth, height: element.clientHeight, top: element.scrollTop };
        // Half a screen's worth of scrolling changes what is there, not every pixel of it.
        const still = next.width === before.width && next.height === before.height && Math.abs(next.top - before.top) < 40;
        return still ? before : next;
      });
    const onScroll = () => {
      scrolled.current = true;
      read();
    };
    read();
    element.addEventListener("scroll", onScroll, { passive: true });
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(read);
    observer?.observe(element);
    return () => {
      element.removeEventListener("scroll", onScroll);
      observer?.disconnect();
    };
  }, []);

  useLayoutEffect(() => {
    if (box.current && scrolled.current) box.current.scrollTop = 0; // setting it lays the page out at once
    scrolled.current = false;
  }, [points]);

  const columns = Math.max(1, Math.floor((room.width + GAP) / (NARROWEST + GAP)));
  const width = (room.width - GAP * (columns - 1)) / columns;
  const rowHeight = Math.round((width * 9) / 16) + CAPTION + GAP;
  const rows = Math.ceil(points.length / columns);
  const first = Math.max(0, Math.floor(room.top / rowHeight) - BEYOND_ROWS);
  const last = Math.min(rows, Math.ceil((room.top + room.height) / rowHeight) + BEYOND_ROWS);
  const shown = Array.from(points.subarray(first * columns, last * columns));
  const titles = new Map(map.videos.map(({ id, title }) => [id, title]));

  return (
    // Focusable, so that the keyboard can scroll it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={box} className="selected-scroll" tabIndex={0} role="group" aria-label="Selected primitives">
      <ul className="selected-grid" style={{ height: rows * rowHeight - GAP }}>
        {shown.map((point, i) => {
          const [row, column] = [first + Math.floor(i / columns), i % columns];
          const group = groupOf(point);
          const length = formatSeconds(map.end_s[point]! - map.start_s[point]!);
          const title = titles.get(map.video[point]!) ?? "";
          const name = `${group.name}, ${length}, ${title} at ${formatTime(map.start_s[point]!)}`;
          const id = map.ids[point]!;
          return (
            <li
              key={id}
              style={{ width, height: rowHeight - GAP, transform: `translate(${column * (width + GAP)}px, ${row * rowHeight}px)` }}
              onPointerEnter={() => onPoint(point)}
              onPointerLeave={() => onPoint(null)}
            >
              <Link to={linkTo(point)} aria-label={name} onFocus={() => onPoint(point)} onBlur={() => onPoint(null)}>
                <LoopingClip src={`/api/segments/${id}/clip/`} poster={`/api/segments/${id}/poster/`} label={name} />
                <span className="caption">
                  <ClusterSwatch cluster={group.colour} />
                  <span className="clip-text">{group.name}</span>
                  <span className="push">{length}</span>
                </span>
                <span className="small muted clip-text">{title}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
});
