import { useEffect, useRef } from "react";
import type { Comment } from "../../api/types";
import type { TimeAxis } from "../../lib/timeAxis";
import { formatTime } from "../../lib/time";
import "./comments.css";

interface CommentLaneProps {
  comments: readonly Comment[];
  axis: TimeAxis;
  onSeek: (timeS: number) => void;
}

/** A mark for each open comment at its time; they move with the axis without React. */
export function CommentLane({ comments, axis, onSeek }: CommentLaneProps) {
  const lane = useRef<HTMLDivElement>(null);
  const open = comments.filter(({ deleted_at, resolved_at }) => deleted_at === null && resolved_at === null);

  useEffect(() => {
    const element = lane.current;
    if (!element) return;
    const place = () => {
      const width = element.clientWidth;
      for (const mark of element.querySelectorAll<HTMLElement>("[data-time]")) {
        const x = axis.toX(Number(mark.dataset.time), width);
        const visible = x >= 0 && x <= width;
        mark.style.visibility = visible ? "visible" : "hidden";
        if (visible) mark.style.transform = `translateX(${x}px)`;
      }
    };
    place();
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(place);
    observer?.observe(element);
    const unsubscribe = axis.subscribe(place);
    return () => {
      unsubscribe();
      observer?.disconnect();
    };
  }, [axis, open.length]);

  if (open.length === 0) return null;
  return (
    <div className="lane comment-lane">
      <span className="lane-name" title="Open comments">notes</span>
      <div ref={lane} className="lane-drawing">
        {open.map((comment) => (
          <button
            key={comment.id}
            type="button"
            data-time={comment.time_s}
            className="comment-mark"
            title={comment.text.slice(0, 200)}
            aria-label={`Comment of ${comment.by.name} at ${formatTime(comment.time_s)}`}
            onClick={() => onSeek(comment.time_s)}
          />
        ))}
      </div>
    </div>
  );
}
