import type { Run } from "../../../api/types";
import { Icon } from "../../../components/Icon";
import { Popover } from "../../../components/Popover";
import type { View } from "./view";

interface ViewMenuProps {
  view: View;
  onView: (change: Partial<View>) => void;
  /** Signals this run has of this video. */
  has: ReadonlySet<string>;
  runs: readonly Run[];
  run: number | null;
  other: number | null;
  onOther: (run: number | null) => void;
  children: React.ReactNode;
}

const SIGNALS: { name: keyof View & string; label: string; key: string; of?: string }[] = [
  { name: "raw", label: "Energy, raw", key: "E" },
  { name: "smoothed", label: "Energy, smoothed", key: "" },
  { name: "thresholds", label: "θ on and θ off", key: "" },
  { name: "latent", label: "Latent action energy", key: "Y", of: "latent" },
  { name: "velocity", label: "Velocity", key: "V", of: "velocity" },
  { name: "flow", label: "Optical flow", key: "W", of: "flow" },
];

/** Which lanes and signals stand on the timeline. */
export function ViewMenu({ view, onView, has, runs, run, other, onOther, children }: ViewMenuProps) {
  return (
    <Popover label="Lanes and signals" trigger={<Icon name="lanes" />} className="icon-button" panelClassName="view-menu up">
      {() => (
        <>
          <h3>Lanes</h3>
          {children}
          <label className="field">
            <span className="label">Another run</span>
            <select className="select" value={other ?? ""} onChange={(event) => onOther(event.target.value === "" ? null : Number(event.target.value))}>
              <option value="">None</option>
              {runs
                .filter((candidate) => candidate.id !== run)
                .map((candidate) => (
                  <option key={candidate.id} value={candidate.id}>
                    Run {candidate.number}
                  </option>
                ))}
            </select>
          </label>
          <label className="check row">
            <input type="checkbox" checked={view.review} onChange={(event) => onView({ review: event.target.checked })} />
            Review
          </label>
          <h3>Signals</h3>
          {SIGNALS.map(({ name, label, key, of }) => {
            const missing = of !== undefined && !has.has(of);
            return (
              <label key={name} className={missing ? "check row muted" : "check row"} title={missing ? "Not made for this video in this run" : undefined}>
                <input type="checkbox" disabled={missing} checked={view[name] && !missing} onChange={(event) => onView({ [name]: event.target.checked })} />
                {label}
                {key !== "" && <kbd className="push">{key}</kbd>}
              </label>
            );
          })}
        </>
      )}
    </Popover>
  );
}
