import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import type { VideoDetail } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Popover } from "../../components/Popover";
import { suggestedOffsetQuery, useSetOffset } from "./mutations";

interface OffsetControlProps {
  video: VideoDetail;
  leader: VideoDetail;
  run: number | null;
  fps: number;
  mayManage: boolean;
  /** What is on trial, not saved yet. */
  tried: number | null;
  onTry: (offsetS: number | null) => void;
  name: string;
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
const signed = (seconds: number): string => `${seconds < 0 ? "−" : "+"}${Math.abs(seconds).toFixed(3)} s`;

/** When, in the recording, a view begins. The picture follows at once; saving makes it everybody's. */
export function OffsetControl({ video, leader, run, fps, mayManage, tried, onTry, name }: OffsetControlProps) {
  const field = useId();
  const save = useSetOffset(video.id);
  const suggestion = useQuery(suggestedOffsetQuery(run ?? 0, leader.id, video.id));
  const offsetS = tried ?? video.offset_s;
  const changed = round(offsetS) !== round(video.offset_s);
  return (
    <div className="view-name">
      <span className="clip-text">{name}</span>
      <Popover
        label={`Offset of ${name}: ${signed(offsetS - leader.offset_s)}`}
        className="button small view-offset"
        panelClassName="offset-panel"
        trigger={
          <>
            <Icon name="clock" size={14} /> {signed(offsetS - leader.offset_s)}
          </>
        }
      >
        {() => (
          <form
            className="offset-form"
            onSubmit={(event) => {
              event.preventDefault();
              save.mutate(round(offsetS), { onSuccess: () => onTry(null) });
            }}
          >
            <label htmlFor={field}>Begins at, in seconds of the recording</label>
            <div className="row">
              <button type="button" className="icon-button" aria-label="One frame earlier" disabled={!mayManage} onClick={() => onTry(round(offsetS - 1 / fps))}>
                <Icon name="frameBack" />
              </button>
              <input
                id={field}
                className="input"
                type="number"
                step="0.001"
                value={round(offsetS)}
                readOnly={!mayManage}
                onChange={(event) => {
                  const value = event.currentTarget.valueAsNumber;
                  if (Number.isFinite(value)) onTry(value);
                }}
              />
              <button type="button" className="icon-button" aria-label="One frame later" disabled={!mayManage} onClick={() => onTry(round(offsetS + 1 / fps))}>
                <Icon name="frameForward" />
              </button>
            </div>
            {mayManage ? (
              <div className="row">
                <button type="submit" className="button primary" disabled={!changed || save.isPending}>
                  Save
                </button>
                <button type="button" className="button" disabled={run === null || suggestion.isFetching} onClick={() => void suggestion.refetch()}>
                  {suggestion.isFetching ? "Comparing…" : "Suggest"}
                </button>
                {changed && (
                  <button type="button" className="button quiet" onClick={() => onTry(null)}>
                    Undo
                  </button>
                )}
              </div>
            ) : (
              <p className="hint">Managers of the project can change it.</p>
            )}
            {run === null && <p className="hint">A run has to measure when things move before an offset can be suggested.</p>}
            {save.isError && <p role="alert">{save.error.message}</p>}
            {suggestion.isError && !suggestion.isFetching && <p role="alert">{suggestion.error.message}</p>}
            {suggestion.isSuccess && !suggestion.isFetching && (
              <div className="offset-suggestion" role="status">
                <p>
                  <strong>{signed(suggestion.data.offset_s)}</strong>{" "}
                  {suggestion.data.clear ? "by when things move in both." : "at best, but that is a guess: other offsets fit nearly as well."}
                </p>
                <p className="hint">
                  Correlation {suggestion.data.peak.toFixed(2)}, next best {suggestion.data.second_peak.toFixed(2)}.
                </p>
                <button type="button" className="button" onClick={() => onTry(suggestion.data.offset_s)}>
                  Try it
                </button>
              </div>
            )}
          </form>
        )}
      </Popover>
    </div>
  );
}
