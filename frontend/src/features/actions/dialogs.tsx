import { useState } from "react";
import type { Group, Proposals } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Dialog } from "../../components/Dialog";
import { formatSeconds } from "../../lib/time";
import { formatShare, plural } from "../../lib/words";

interface ChooseGroupProps {
  title: string;
  verb: string;
  groups: readonly Group[];
  /** For primitives: they may become a new action, or go back to their clusters. */
  others?: boolean;
  onChoose: (to: string, name?: string) => void;
  onClose: () => void;
}

/** Where to: the keyboard's way for what a drag does. */
export function ChooseGroup({ title, verb, groups, others = false, onChoose, onClose }: ChooseGroupProps) {
  const [to, setTo] = useState(others ? "new" : (groups[0]?.key ?? ""));
  const [name, setName] = useState("");
  const ready = to !== "" && (to !== "new" || name.trim() !== "");
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onChoose(to, to === "new" ? name.trim() : undefined);
        }}
      >
        <div className="body">
          {others && (
            <label className="field">
              <span>Name of a new action</span>
              <input
                className="input"
                value={name}
                maxLength={120}
                onFocus={() => setTo("new")}
                onChange={(event) => setName(event.target.value)}
              />
            </label>
          )}
          <fieldset className="choices">
            <legend className="visually-hidden">{verb}</legend>
            {others && <Choice value="new" to={to} onChange={setTo} label={name.trim() === "" ? "A new action" : `A new action: ${name.trim()}`} />}
            {others && <Choice value="own" to={to} onChange={setTo} label="Back to their clusters" />}
            {groups.map((group) => (
              <Choice key={group.key} value={group.key} to={to} onChange={setTo} label={group.name} colour={group.colour} note={plural(group.size, "primitive")} />
            ))}
          </fieldset>
        </div>
        <footer>
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={!ready}>
            {verb}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface ChoiceProps {
  value: string;
  to: string;
  onChange: (value: string) => void;
  label: string;
  colour?: number;
  note?: string;
}

function Choice({ value, to, onChange, label, colour, note }: ChoiceProps) {
  return (
    <label className="choice">
      <input type="radio" name="to" value={value} checked={to === value} onChange={() => onChange(value)} />
      {colour !== undefined && <ClusterSwatch cluster={colour} />}
      <span className="clip-text">{label}</span>
      {note && <span className="push muted small">{note}</span>}
    </label>
  );
}

interface CarryOverProps {
  found: Proposals;
  onConfirm: (clusters: { cluster: number; action: number }[]) => void;
  onClose: () => void;
}

/** Names of another run, cluster by cluster, for a person to confirm. */
export function CarryOver({ found, onConfirm, onClose }: CarryOverProps) {
  const offered = found.proposals.filter(({ action }) => action !== null);
  const [ticked, setTicked] = useState(() => new Set(offered.filter((one) => one.ticked).map(({ cluster }) => cluster)));
  const toggle = (cluster: number) =>
    setTicked((before) => {
      const next = new Set(before);
      if (!next.delete(cluster)) next.add(cluster);
      return next;
    });
  const chosen = offered.filter(({ cluster }) => ticked.has(cluster));
  const without = found.proposals.length - offered.length;
  return (
    <Dialog title={`Names of run ${found.source?.number ?? ""}`} onClose={onClose}>
      <div className="body">
        <p className="hint">By the time that the primitives of both runs have in common on the same videos.</p>
        <div className="table-well">
          <table className="carry-table">
            <thead>
              <tr>
                <th scope="col">Cluster</th>
                <th scope="col">Name</th>
                <th scope="col" className="figure" title="The share of the cluster’s time that was the action’s">
                  of cluster
                </th>
                <th scope="col" className="figure" title="The share of the action’s time that is the cluster’s">
                  of action
                </th>
              </tr>
            </thead>
            <tbody>
              {offered.map((one) => (
                <tr key={one.cluster} title={`${formatSeconds(one.overlap_s)} in common`}>
                  <td>
                    <label className="choice">
                      <input type="checkbox" checked={ticked.has(one.cluster)} onChange={() => toggle(one.cluster)} />
                      <ClusterSwatch cluster={one.cluster} /> {one.name}
                    </label>
                  </td>
                  <td>
                    <span className="row">
                      <ClusterSwatch cluster={one.action!.colour} /> {one.action!.name}
                    </span>
                  </td>
                  <td className="figure">{formatShare(one.of_cluster)}</td>
                  <td className="figure">{formatShare(one.of_action)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {without > 0 && <p className="hint">{plural(without, "cluster")} more have nothing in common with a name.</p>}
      </div>
      <footer>
        <button type="button" className="button quiet" onClick={onClose}>
          Not now
        </button>
        <button
          type="button"
          className="button primary"
          disabled={chosen.length === 0}
          onClick={() => onConfirm(chosen.map(({ cluster, action }) => ({ cluster, action: action!.id })))}
        >
          Take over {plural(chosen.length, "name")}
        </button>
      </footer>
    </Dialog>
  );
}
