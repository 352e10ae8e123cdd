import { useMemo, type ReactNode } from "react";
import { Lane, type LaneItem } from "../../../components/timeline/Lane";
import { greatest, SignalPlot, type Level, type Signal, type Trace } from "../../../components/timeline/SignalPlot";
import type { Segment } from "../../../api/types";
import type { Edge } from "../../../features/cutting/pieces";
import { groupOf, shortName } from "../../../features/segments/group";
import type { PlaybackClock } from "../../../lib/clock";
import { makePyramid } from "../../../lib/pyramid";
import type { Interval } from "../../../lib/segments";
import type { TimeAxis } from "../../../lib/timeAxis";
import { formatFigure } from "../../../lib/words";
import type { View } from "./view";

export interface LaneOf {
  id: string;
  name: string;
  about: string;
  items: readonly LaneItem[];
  selected?: number;
  edge?: Edge | null;
  outlined?: ReadonlySet<number>;
  thin?: boolean;
}

export function Lanes({ lanes, axis }: { lanes: readonly LaneOf[]; axis: TimeAxis }) {
  return lanes.map((lane) => <Lane key={lane.id} {...lane} axis={axis} />);
}

export const itemOf = (segment: Segment): LaneItem => {
  const { colour } = groupOf(segment);
  return { start_s: segment.start_s, end_s: segment.end_s, paint: colour === null ? "none" : { group: colour }, label: shortName(segment) };
};

export const truthItem = ({ start_s, end_s, label }: Interval & { label: string }): LaneItem => ({ start_s, end_s, paint: "truth", label });

interface SignalsShown {
  timesS: Float64Array;
  energy: Float32Array;
  velocity?: Float32Array;
  latent?: Float32Array;
  flow?: Float32Array;
  source: string;
  unit: string;
}

interface PlotsProps {
  signals: SignalsShown;
  smoothed: Signal;
  thetaOn: number;
  thetaOff: number;
  /** "run 7", with "your draft" where the numbers are. */
  made: string;
  view: View;
  axis: TimeAxis;
  clock: PlaybackClock;
  children?: ReactNode;
}

const signalOf = (timesS: Float64Array, values: Float32Array): Signal => ({ timesS, values, pyramid: makePyramid(values) });

/** The energy that is cut with its thresholds, and the other signals below, each on a scale of its own. */
export function Plots({ signals, smoothed, thetaOn, thetaOff, made, view, axis, clock }: PlotsProps) {
  const raw = useMemo(() => signalOf(signals.timesS, signals.energy), [signals]);
  const top = useMemo(() => greatest(raw), [raw]);
  const energy = useMemo<Trace[]>(
    () => [
      ...(view.raw ? [{ ...raw, colour: "energyPale" as const, width: 1 }] : []),
      ...(view.smoothed ? [{ ...smoothed, colour: "energy" as const, width: 2 }] : []),
    ],
    [raw, smoothed, view.raw, view.smoothed],
  );
  const levels = useMemo<Level[]>(
    () =>
      view.thresholds
        ? [
            { value: thetaOn, name: "θ on", dashed: false },
            { value: thetaOff, name: "θ off", dashed: true },
          ]
        : [],
    [thetaOn, thetaOff, view.thresholds],
  );
  const source = SOURCES[signals.source] ?? signals.source;
  return (
    <>
      <SignalPlot
        id="energy"
        name="energy"
        about={`Energy over time, source ${source} (${signals.unit}), ${made}. Threshold on ${formatFigure(thetaOn)}, off ${formatFigure(thetaOff)}.`}
        traces={energy}
        levels={levels}
        top={Math.max(top, thetaOn)}
        axis={axis}
        clock={clock}
        read={smoothed}
        tall
      />
      {view.latent && signals.latent && <Strip id="latent" name="latent" about={`Latent action energy, ${made}`} timesS={signals.timesS} values={signals.latent} axis={axis} clock={clock} />}
      {view.velocity && signals.velocity && <Strip id="velocity" name="velocity" about={`Mean point speed, ${made}`} timesS={signals.timesS} values={signals.velocity} axis={axis} clock={clock} />}
      {view.flow && signals.flow && <Strip id="flow" name="flow" about={`Optical flow, ${made}`} timesS={signals.timesS} values={signals.flow} axis={axis} clock={clock} />}
    </>
  );
}

const SOURCES: Record<string, string> = { latent: "latent action", velocity: "point speed", flow: "optical flow" };

interface StripProps {
  id: "latent" | "velocity" | "flow";
  name: string;
  about: string;
  timesS: Float64Array;
  values: Float32Array;
  axis: TimeAxis;
  clock: PlaybackClock;
}

function Strip({ id, name, about, timesS, values, axis, clock }: StripProps) {
  const signal = useMemo(() => signalOf(timesS, values), [timesS, values]);
  const traces = useMemo<Trace[]>(() => [{ ...signal, colour: id, width: 1 }], [signal, id]);
  return <SignalPlot id={id} name={name} about={about} traces={traces} top={greatest(signal)} axis={axis} clock={clock} read={signal} />;
}
