import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { Preset, Run, RunRequest } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { Failed, Skeleton } from "../../components/PanelState";
import { formatSpan } from "../../lib/time";
import { plural } from "../../lib/words";
import { useStartRun } from "./mutations";
import { presetsQuery, runsQuery } from "./queries";
import "./runs.css";

type Tracker = NonNullable<RunRequest["tracker"]>;
type ClusterBy = NonNullable<RunRequest["cluster_by"]>;

interface DiscoverDialogProps {
  project: number;
  readyVideos: number;
  onClose: () => void;
  onStarted: (run: Run) => void;
}

/** Everything has a default: pressing *Discover* at once is a sensible run. */
export function DiscoverDialog({ project, readyVideos, onClose, onStarted }: DiscoverDialogProps) {
  const presets = useQuery(presetsQuery);
  const runs = useQuery(runsQuery(project));
  const start = useStartRun(project);
  const [preset, setPreset] = useState<Preset["name"] | null>(null);
  const [suggestK, setSuggestK] = useState(true);
  const [k, setK] = useState("8");
  const [calibrate, setCalibrate] = useState(true);
  const [theta, setTheta] = useState("");
  const [tracker, setTracker] = useState<Tracker>("flow");
  const [clusterBy, setClusterBy] = useState<ClusterBy>("embedding");
  const [tokenizerRun, setTokenizerRun] = useState("");

  const chosen = preset ?? presets.data?.find((candidate) => candidate.default)?.name ?? presets.data?.[0]?.name;
  const reusable = (runs.data ?? []).filter((run) => run.status === "done");

  function submit(event: FormEvent) {
    event.preventDefault();
    if (chosen === undefined) return;
    start.mutate(
      {
        preset: chosen,
        n_clusters: suggestK ? null : Number(k),
        theta_on: calibrate ? null : Number(theta),
        tracker,
        cluster_by: clusterBy,
        tokenizer_run: tokenizerRun === "" ? null : Number(tokenizerRun),
      },
      { onSuccess: onStarted },
    );
  }

  return (
    <Dialog title="Discover primitives" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="body">
          {readyVideos === 0 ? (
            <p className="notice">
              <Icon name="warning" /> No video is ready yet. Upload one first, or wait until it is checked.
            </p>
          ) : (
            <p className="muted">
              One pass over {plural(readyVideos, "video")}: movement is tracked, turned into codes, cut where its energy falls, and what
              moves alike is put together.
            </p>
          )}

          <fieldset className="field">
            <legend>Tokenizer</legend>
            {presets.isPending && <Skeleton label="Loading presets…" height={64} rows={2} />}
            {presets.isError && <Failed small error={presets.error} onRetry={() => void presets.refetch()} />}
            <div className="presets">
              {presets.data?.map((candidate) => (
                <label key={candidate.name} className="preset" htmlFor={`preset-${candidate.name}`}>
                  <input
                    id={`preset-${candidate.name}`}
                    type="radio"
                    name="preset"
                    value={candidate.name}
                    checked={chosen === candidate.name}
                    onChange={() => setPreset(candidate.name)}
                  />
                  <span>
                    <span className="strong">{candidate.title}</span>
                    {candidate.minutes_hint !== null && (
                      <span className="muted small"> about {formatSpan(candidate.minutes_hint * 60)} to train</span>
                    )}
                    <span className="hint">{candidate.description}</span>
                  </span>
                </label>
              ))}
            </div>
          </fieldset>

          <div className="pair">
            <fieldset className="field">
              <legend>Clusters (k)</legend>
              <Choice
                name="k"
                first="Suggest"
                second="Choose"
                isFirst={suggestK}
                onChange={setSuggestK}
              />
              {suggestK ? (
                <p className="hint">The k with the best silhouette; the curve is kept with the run.</p>
              ) : (
                <input
                  className="input"
                  aria-label="Number of clusters"
                  type="number"
                  min={2}
                  max={200}
                  step={1}
                  required
                  value={k}
                  onChange={(event) => setK(event.target.value)}
                />
              )}
            </fieldset>
            <fieldset className="field">
              <legend>Threshold (θ on)</legend>
              <Choice
                name="theta"
                first="Calibrate"
                second="Choose"
                isFirst={calibrate}
                onChange={setCalibrate}
              />
              {calibrate ? (
                <p className="hint">Set from how fast the tracked points move in these videos.</p>
              ) : (
                <input
                  className="input"
                  aria-label="Threshold, in units of energy"
                  type="number"
                  min={0}
                  step="any"
                  required
                  placeholder="energy at which a primitive begins"
                  value={theta}
                  onChange={(event) => setTheta(event.target.value)}
                />
              )}
            </fieldset>
          </div>

          <details>
            <summary>Advanced</summary>
            <div className="field">
              <label htmlFor="tracker">Points are followed by</label>
              <select id="tracker" className="select" value={tracker} onChange={(event) => setTracker(event.target.value as Tracker)}>
                <option value="flow">Dense optical flow</option>
                <option value="lk">Lucas–Kanade</option>
                <option value="cotracker3">CoTracker3 (not for commercial use)</option>
              </select>
              <p className="hint">
                {tracker === "cotracker3"
                  ? "CoTracker3 is under CC-BY-NC 4.0. It works where its weights lie on the workers and the licence was accepted there (KINEME_COTRACKER, KINEME_ACCEPT_CC_BY_NC); on a CPU a frame takes seconds."
                  : tracker === "flow"
                    ? "The fastest, and the best on annotated recordings."
                    : "Each point by itself, checked forwards and backwards."}
              </p>
            </div>
            <div className="field">
              <label htmlFor="cluster-by">Put together by</label>
              <select id="cluster-by" className="select" value={clusterBy} onChange={(event) => setClusterBy(event.target.value as ClusterBy)}>
                <option value="embedding">The embedding of each primitive’s codes</option>
                <option value="latents">The latents of all cameras</option>
              </select>
              <p className="hint">
                {clusterBy === "latents"
                  ? "What every camera of a recording saw while a primitive lasted, before it became codes. Not in the paper; purer clusters where two cameras watch."
                  : "As in the paper: each camera’s primitives by their own codes."}
              </p>
            </div>
            <div className="field">
              <label htmlFor="tokenizer-run">Tokenizer to use</label>
              <select id="tokenizer-run" className="select" value={tokenizerRun} onChange={(event) => setTokenizerRun(event.target.value)}>
                <option value="">Train one on these videos</option>
                {reusable.map((run) => (
                  <option key={run.id} value={run.id}>
                    That of run {run.number} ({run.preset})
                  </option>
                ))}
              </select>
              <p className="hint">
                {reusable.length > 0
                  ? "Codes can only be compared between runs that share a tokenizer."
                  : "Once a run is done, its tokenizer can be used again."}
              </p>
            </div>
          </details>

          {start.error && (
            <p role="alert" className="notice bad">
              <Icon name="warning" /> {start.error.message}
            </p>
          )}
        </div>
        <footer>
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={start.isPending || chosen === undefined || readyVideos === 0}>
            {start.isPending ? "Starting…" : "Discover"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface ChoiceProps {
  name: string;
  first: string;
  second: string;
  isFirst: boolean;
  onChange: (isFirst: boolean) => void;
}

function Choice({ name, first, second, isFirst, onChange }: ChoiceProps) {
  return (
    <span className="segmented">
      <label>
        <input type="radio" name={name} checked={isFirst} onChange={() => onChange(true)} />
        {first}
      </label>
      <label>
        <input type="radio" name={name} checked={!isFirst} onChange={() => onChange(false)} />
        {second}
      </label>
    </span>
  );
}
