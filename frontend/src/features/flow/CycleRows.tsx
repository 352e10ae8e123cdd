import { Link } from "react-router";
import type { Cycles } from "../../api/types";
import { clusterColour } from "../../lib/palette";
import { formatSeconds, formatTime } from "../../lib/time";
import { plural } from "../../lib/words";

interface CycleRowsProps {
  cycles: Cycles;
  videoHref: (video: number, timeS: number) => string;
}

type Cycle = Cycles["videos"][number]["cycles"][number];

/** Each video's cycles below one another, from the same left edge and on one scale of time, so that lengths compare. */
export function CycleRows({ cycles, videoHref }: CycleRowsProps) {
  const groups = new Map(cycles.groups.map((group) => [group.key, group]));
  const longest = Math.max(1e-9, ...cycles.videos.flatMap((video) => video.cycles.map((cycle) => cycle.end_s - cycle.start_s)));
  const share = (seconds: number) => `${((100 * seconds) / longest).toFixed(3)}%`;
  return (
    <div className="cycle-videos">
      {cycles.videos.map((video) => (
        <section key={video.video} aria-label={video.title}>
          <h3 className="clip-text">{video.title}</h3>
          {video.cycles.length === 0 ? (
            <p className="hint">It does not begin here.</p>
          ) : (
            <ol className="cycle-list">
              {video.cycles.map((cycle, i) => (
                <li key={cycle.start_s} className={cycle.outlier ? "outlier" : undefined}>
                  <Link to={videoHref(video.video, cycle.start_s)} aria-label={wordsOf(cycle, i, video.title)}>
                    <span className="cycle-time">
                      {cycle.complete ? formatSeconds(cycle.end_s - cycle.start_s) : "not ended"}{" "}
                      {cycle.outlier && <span className="badge bad">outlier</span>}
                    </span>
                    <span className="cycle-track">
                      {cycle.steps.map((step) => {
                        const group = groups.get(step.group);
                        return (
                          <span
                            key={step.segment}
                            className="cycle-block"
                            title={`${group?.name ?? ""}, ${formatSeconds(step.end_s - step.start_s)}`}
                            style={{ left: share(step.start_s - cycle.start_s), width: share(step.end_s - step.start_s), background: clusterColour(group?.colour ?? null) }}
                          />
                        );
                      })}
                      {cycle.complete && <span className="cycle-end" style={{ left: share(cycle.end_s - cycle.start_s) }} />}
                      {cycles.median_s !== null && <span className="cycle-median" style={{ left: share(cycles.median_s) }} />}
                    </span>
                  </Link>
                </li>
              ))}
            </ol>
          )}
        </section>
      ))}
    </div>
  );
}

function wordsOf(cycle: Cycle, i: number, title: string): string {
  const time = cycle.complete ? formatSeconds(cycle.end_s - cycle.start_s) : "not ended";
  return `Cycle ${i + 1} of ${title} at ${formatTime(cycle.start_s)}: ${time}${cycle.outlier ? " outlier" : ""}, ${plural(cycle.steps.length, "primitive")}`;
}
