import { useEffect, useRef, type ReactNode } from "react";
import type { PlaybackClock } from "../../lib/clock";
import { formatTime } from "../../lib/time";
import { Icon } from "../Icon";
import { RATES, type Player } from "./usePlayer";
import "./player.css";

interface TransportProps {
  player: Player;
  clock: PlaybackClock;
  durationS: number;
  loop: boolean;
  canLoop: boolean;
  onLoop: () => void;
  onPrevious: () => void;
  onNext: () => void;
  children?: ReactNode;
}

export function Transport({ player, clock, durationS, loop, canLoop, onLoop, onPrevious, onNext, children }: TransportProps) {
  return (
    <div className="transport" role="group" aria-label="Transport">
      <button type="button" className="icon-button" aria-label="Previous primitive" title="Previous primitive (↑)" onClick={onPrevious}>
        <Icon name="previous" />
      </button>
      <button type="button" className="icon-button" aria-label="Back one frame" title="Back one frame (←)" onClick={() => player.step(-1)}>
        <Icon name="frameBack" />
      </button>
      <button
        type="button"
        className="icon-button play"
        aria-label={player.playing ? "Pause" : "Play"}
        title={player.playing ? "Pause (space)" : "Play (space)"}
        onClick={player.toggle}
      >
        <Icon name={player.playing ? "pause" : "play"} size={20} />
      </button>
      <button type="button" className="icon-button" aria-label="Forward one frame" title="Forward one frame (→)" onClick={() => player.step(1)}>
        <Icon name="frameForward" />
      </button>
      <button type="button" className="icon-button" aria-label="Next primitive" title="Next primitive (↓)" onClick={onNext}>
        <Icon name="next" />
      </button>
      <Time clock={clock} durationS={durationS} />
      <select
        className="select rate"
        aria-label="Speed"
        value={RATES.some((rate) => rate === player.rate) ? player.rate : "other"}
        onChange={(event) => player.setRate(Number(event.target.value))}
      >
        {!RATES.some((rate) => rate === player.rate) && <option value="other">{formatRate(player.rate)}</option>}
        {RATES.map((rate) => (
          <option key={rate} value={rate}>
            {formatRate(rate)}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="icon-button"
        aria-label="Loop the primitive"
        title="Loop the primitive (O)"
        aria-pressed={loop}
        disabled={!canLoop}
        onClick={onLoop}
      >
        <Icon name="loop" />
      </button>
      {children}
    </div>
  );
}

const formatRate = (rate: number): string => `${rate < 0 ? "−" : ""}${Math.abs(rate)}×`;

/** The time of the frame on screen, written straight into the page. */
function Time({ clock, durationS }: { clock: PlaybackClock; durationS: number }) {
  const now = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const write = (timeS: number) => {
      if (now.current) now.current.textContent = formatTime(timeS);
    };
    write(clock.time);
    return clock.subscribe(write);
  }, [clock]);
  return (
    <span className="transport-time">
      <span ref={now} className="strong" data-testid="clock" />
      <span className="muted"> / {formatTime(durationS)}</span>
    </span>
  );
}
