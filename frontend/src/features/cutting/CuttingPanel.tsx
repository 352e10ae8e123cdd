import { useMemo, type ReactNode } from "react";
import { Icon } from "../../components/Icon";
import type { Interval } from "../../lib/segments";
import { formatSeconds } from "../../lib/time";
import { formatCount, formatFigure, plural } from "../../lib/words";
import { disagrees, showsHand } from "./draft";
import { DurationHistogram } from "./DurationHistogram";
import { figuresOf, formatScore, scoresOf } from "./figures";
import { Slider } from "./Slider";
import type { Drafting } from "./useDraft";
import "./cutting.css";

interface CuttingPanelProps {
  drafting: Drafting;
  /** The run's own primitives of this video. */
  saved: readonly Interval[];
  /** The run's threshold for this view. */
  thetaOn: number;
  unit: string;
  runNumber: number | null;
  durationS: number;
  /** What boundaries are scored against, and where it is chosen. */
  truth: readonly Interval[] | null;
  truthName: string;
  chooseTruth: ReactNode;
  /** The way to keep, and what became of it. */
  keep: ReactNode;
}

/** The detector's numbers, the whole video cut anew as they move, and what came of it. */
export function CuttingPanel({ drafting, saved, thetaOn, unit, runNumber, durationS, truth, truthName, chooseTruth, keep }: CuttingPanelProps) {
  const { settings, own, set, pieces } = drafting;
  if (!settings || !own) return null;
  const { detection, refinement } = settings;
  return (
    <section className="cutting-panel" aria-label="Detector">
      <Outcome
        pieces={pieces}
        saved={saved}
        truth={truth}
        truthName={truthName}
        runNumber={runNumber}
        durationS={durationS}
        dirty={drafting.dirty}
        chooseTruth={chooseTruth}
      />
      <Choice drafting={drafting} />
      <div className="row wrap">
        {keep}
        <button type="button" className="button" disabled={!drafting.dirty} onClick={drafting.reset} title="As the run has it; Z takes this back">
          Reset
        </button>
        <span className="push" />
        <button type="button" className="icon-button" aria-label="Undo" title="Undo (Z)" disabled={!drafting.canUndo} onClick={drafting.undo}>
          <Icon name="undo" />
        </button>
        <button type="button" className="icon-button" aria-label="Redo" title="Redo (shift Z)" disabled={!drafting.canRedo} onClick={drafting.redo}>
          <Icon name="redo" />
        </button>
      </div>
      {drafting.dirty && (
        <p className="hint" role="status">
          {drafting.restored ? "Taken up again from your last visit. " : ""}Not kept yet; it stays in this browser when you leave.
        </p>
      )}
      <div className="sliders" role="group" aria-label="Detector">
        <Slider
          name="α"
          about="Smoothing: the weight of the newest value in the moving average; 1 does not smooth"
          value={detection.alpha}
          own={own.detection.alpha}
          min={0.02}
          max={1}
          step={0.01}
          onChange={(alpha) => alpha !== null && alpha <= 1 && set({ detection: { alpha } }, "alpha")}
        />
        <Slider
          name="θ on"
          about={`A primitive begins where the smoothed energy stays above this (${unit}); ${formatFigure(settings.thetaScale)} × the run's own`}
          value={thetaOn * settings.thetaScale}
          own={thetaOn}
          min={thetaOn / 8}
          max={thetaOn * 8}
          step={thetaOn / 1000}
          logarithmic
          digits={4}
          onChange={(theta) => theta !== null && set({ thetaScale: Number((theta / thetaOn).toPrecision(6)) }, "theta")}
        />
        <Slider
          name="r"
          about="It ends where the smoothed energy stays below r × θ on"
          value={detection.off_ratio}
          own={own.detection.off_ratio}
          min={0.05}
          max={1}
          step={0.01}
          onChange={(off_ratio) => off_ratio !== null && off_ratio <= 1 && set({ detection: { off_ratio } }, "r")}
        />
        <Slider
          name="u"
          about="Steps in a row above θ on before a primitive begins"
          value={detection.on_steps}
          own={own.detection.on_steps}
          min={1}
          max={20}
          step={1}
          unit="steps"
          onChange={(on_steps) => on_steps !== null && set({ detection: { on_steps } }, "u")}
        />
        <Slider
          name="d"
          about="Steps in a row below θ off before it ends"
          value={detection.off_steps}
          own={own.detection.off_steps}
          min={1}
          max={20}
          step={1}
          unit="steps"
          onChange={(off_steps) => off_steps !== null && set({ detection: { off_steps } }, "d")}
        />
        <Slider
          name="Cooldown"
          about="Steps after an end in which nothing begins"
          value={detection.cooldown_steps}
          own={own.detection.cooldown_steps}
          min={0}
          max={30}
          step={1}
          unit="steps"
          onChange={(cooldown_steps) => cooldown_steps !== null && set({ detection: { cooldown_steps } }, "cooldown")}
        />
        <Slider
          name="Shortest"
          about="What the detector finds shorter than this is dropped"
          value={detection.min_s}
          own={own.detection.min_s}
          min={0}
          max={5}
          step={0.05}
          unit="s"
          onChange={(min_s) => min_s !== null && set({ detection: { min_s } }, "min")}
        />
        <Slider
          name="Longest"
          about="A primitive this long is cut there and the next begins"
          value={detection.max_s}
          own={own.detection.max_s}
          min={0.5}
          max={60}
          step={0.1}
          logarithmic
          none="no limit"
          unit="s"
          onChange={(max_s) => set({ detection: { max_s } }, "max")}
        />
      </div>
      <details className="refinement">
        <summary>Refinement: rest, dip, hold</summary>
        <div className="sliders" role="group" aria-label="Refinement">
          <Slider
            name="Rest"
            about="Splits where the energy, not smoothed, is below this share of θ on, even for one step"
            value={refinement.rest}
            own={own.refinement.rest}
            min={0}
            max={1}
            step={0.01}
            none="does not split"
            noneAt="min"
            unit="θ on"
            onChange={(rest) => set({ refinement: { rest } }, "rest")}
          />
          <Slider
            name="Dip"
            about="Splits where the energy falls and rises again by this many θ on"
            value={refinement.dip}
            own={own.refinement.dip}
            min={0.05}
            max={5}
            step={0.05}
            none="does not split"
            unit="θ on"
            onChange={(dip) => set({ refinement: { dip } }, "dip")}
          />
          <Slider
            name="Hold"
            about="How far an end is moved on, at most to the next primitive"
            value={refinement.hold_s}
            own={own.refinement.hold_s}
            min={0}
            max={2}
            step={0.05}
            unit="s"
            onChange={(hold_s) => hold_s !== null && set({ refinement: { hold_s } }, "hold")}
          />
        </div>
      </details>
    </section>
  );
}

interface OutcomeProps {
  pieces: readonly Interval[];
  saved: readonly Interval[];
  truth: readonly Interval[] | null;
  truthName: string;
  runNumber: number | null;
  durationS: number;
  dirty: boolean;
  chooseTruth: ReactNode;
}

/** "214 → 231 primitives · F1@0.5s .71": what the run has, and what it would have. */
function Outcome({ pieces, saved, truth, truthName, runNumber, durationS, dirty, chooseTruth }: OutcomeProps) {
  const before = useMemo(() => figuresOf(saved), [saved]);
  const after = useMemo(() => figuresOf(pieces), [pieces]);
  const scoredBefore = useMemo(() => (truth ? scoresOf(saved, truth, durationS) : null), [saved, truth, durationS]);
  const scoredAfter = useMemo(() => (truth ? scoresOf(pieces, truth, durationS) : null), [pieces, truth, durationS]);
  const made = runNumber === null ? "The run" : `Run ${runNumber}`;
  const where = `${made}, this video${dirty ? "; after the arrow: your draft" : ""}`;
  const scored = truth ? `${where}. Boundaries against ${truthName}, n = ${truth.length}; 1 is best` : "";
  return (
    <div className="outcome">
      <p className="outcome-count" data-testid="outcome" title={where}>
        {dirty && <span className="muted">{formatCount(before.n)} → </span>}
        <b>{formatCount(after.n)}</b> {after.n === 1 ? "primitive" : "primitives"}
      </p>
      <dl className="stats">
        <div className="stat" title={where}>
          <dt>Mean duration</dt>
          <dd>
            {dirty && before.meanS !== null && <span className="muted">{formatSeconds(before.meanS)} → </span>}
            {after.meanS === null ? "–" : formatSeconds(after.meanS)}
          </dd>
        </div>
        <Score name="F1@0.5s" title={scored} before={dirty ? scoredBefore?.half : undefined} after={scoredAfter?.half} />
        <Score name="F1@1s" title={scored} before={dirty ? scoredBefore?.one : undefined} after={scoredAfter?.one} />
      </dl>
      {chooseTruth}
      <DurationHistogram now={after.histogram} own={before.histogram} title={`Durations of ${plural(after.n, "primitive")}; line: ${made.toLowerCase()}, ${before.n}`} />
    </div>
  );
}

function Score({ name, title, before, after }: { name: string; title: string; before: number | undefined; after: number | undefined }) {
  return (
    <div className="stat" title={title || "Nothing to score against: import annotations"}>
      <dt>{name}</dt>
      <dd data-testid={name}>
        {before !== undefined && <span className="muted">{formatScore(before)} → </span>}
        {after === undefined ? "–" : formatScore(after)}
      </dd>
    </div>
  );
}

/** Sliders moved after cuts were edited by hand: both are still there, and somebody says which counts. */
function Choice({ drafting }: { drafting: Drafting }) {
  const { draft, cutAnew, own } = drafting;
  if (!disagrees(draft) || !draft.hand || !own) return null;
  const hand = showsHand(draft);
  return (
    <div className="notice which-cut" role="group" aria-label="Which cut">
      <p>
        The sliders moved after you edited by hand. Both cuts are still here; which one?
      </p>
      <div className="segmented">
        <label>
          <input type="radio" name="which-cut" checked={hand} onChange={() => drafting.show("hand")} />
          By hand ({draft.hand.pieces.length})
        </label>
        <label>
          <input type="radio" name="which-cut" checked={!hand} onChange={() => drafting.show("settings")} />
          Cut anew{cutAnew ? ` (${cutAnew.length})` : ""}
        </label>
      </div>
    </div>
  );
}
