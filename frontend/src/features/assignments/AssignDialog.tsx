import { useQuery } from "@tanstack/react-query";
import { useId, useState, type ReactNode } from "react";
import type { Assigned } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { Failed, Skeleton } from "../../components/PanelState";
import { formatCount, plural } from "../../lib/words";
import { useAssign, useSetShare, type Wanted } from "./mutations";
import { planQuery } from "./queries";
import "./assignments.css";

export interface Somebody {
  id: number;
  name: string;
  assigned: number;
}

export interface Option {
  id: number;
  name: string;
  note: string;
}

interface AssignDialogProps {
  project: number;
  run: number;
  runNumber: number;
  people: readonly Somebody[];
  sets: readonly Option[];
  clusters: readonly Option[];
  actions: readonly Option[];
  onDone: () => void;
  onClose: () => void;
}

type From = "all" | "set" | "action" | "cluster";
type Only = "all" | "unrated" | "unassigned";

/** Which primitives, to whom, and how many of them to two people. */
export function AssignDialog({ project, run, runNumber, people, sets, clusters, actions, onDone, onClose }: AssignDialogProps) {
  const plan = useQuery(planQuery(project));
  const assign = useAssign(run);
  const setShare = useSetShare(project);
  const id = useId();
  const [from, setFrom] = useState<From>("all");
  const [which, setWhich] = useState<Partial<Record<From, number>>>({});
  const [only, setOnly] = useState<Only>("unassigned");
  const [draw, setDraw] = useState("");
  const [to, setTo] = useState<ReadonlySet<number>>(new Set());
  const [percent, setPercent] = useState<string | null>(null);
  const [given, setGiven] = useState<Assigned | null>(null);

  const shownPercent = percent ?? (plan.data ? String(Math.round(plan.data.double_share * 1000) / 10) : "");
  const share = Number(shownPercent) / 100;
  const shareFits = shownPercent !== "" && share >= 0 && share <= 1;
  const drawFits = draw === "" || /^[1-9]\d{0,6}$/.test(draw);
  const options = { set: sets, action: actions, cluster: clusters };
  const chosen = from === "all" ? null : (which[from] ?? options[from][0]?.id ?? null);
  const ready = to.size > 0 && shareFits && drawFits && (from === "all" || chosen !== null);

  const submit = () => {
    const wanted: Wanted = { reviewers: [...to], only, double_share: share };
    if (from !== "all" && chosen !== null) wanted[from] = chosen;
    if (draw !== "") wanted.draw = Number(draw);
    assign.mutate(wanted, {
      onSuccess: (found) => {
        setGiven(found);
        if (plan.data && Math.abs(plan.data.double_share - share) > 1e-9) setShare.mutate(share);
        onDone();
      },
    });
  };

  if (given)
    return (
      <Dialog title="Assigned" onClose={onClose}>
        <div className="body">
          <p role="status">
            {plural(given.segments, "primitive")} of run {runNumber} given to {plural(to.size, "reviewer")}, {formatCount(given.twice)} of them to two. They see each other’s ratings only after giving
            their own.
          </p>
        </div>
        <footer>
          <button type="button" className="button primary" onClick={onClose}>
            Done
          </button>
        </footer>
      </Dialog>
    );

  return (
    <Dialog title={`Assign primitives of run ${runNumber}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) submit();
        }}
      >
        <div className="body">
          <fieldset className="field">
            <legend>Which primitives</legend>
            <Choice name={`${id}-from`} value="all" current={from} onChoose={setFrom}>
              All of the run
            </Choice>
            {(
              [
                ["set", "A saved set", "Save a set on the map first"],
                ["action", "An action", "No cluster has a name yet"],
                ["cluster", "A cluster", "This run has no clusters"],
              ] as const
            ).map(([kind, word, none]) => (
              <Choice key={kind} name={`${id}-from`} value={kind} current={from} onChoose={setFrom} disabled={options[kind].length === 0}>
                {word}
                {options[kind].length === 0 ? (
                  <span className="hint">{none}</span>
                ) : (
                  <select
                    className="select"
                    aria-label={word}
                    value={which[kind] ?? options[kind][0]!.id}
                    onChange={(event) => {
                      setFrom(kind);
                      setWhich({ ...which, [kind]: Number(event.target.value) });
                    }}
                  >
                    {options[kind].map((option) => (
                      <option key={option.id} value={option.id}>
                        {option.name} ({option.note})
                      </option>
                    ))}
                  </select>
                )}
              </Choice>
            ))}
          </fieldset>
          <div className="assign-row">
            <div className="field">
              <label htmlFor={`${id}-only`}>Of these</label>
              <select id={`${id}-only`} className="select" value={only} onChange={(event) => setOnly(event.target.value as Only)}>
                <option value="unassigned">those nobody has been given yet</option>
                <option value="unrated">those nobody has rated yet</option>
                <option value="all">every one</option>
              </select>
            </div>
            <div className="field">
              <label htmlFor={`${id}-draw`}>How many, drawn at random</label>
              <input id={`${id}-draw`} className="input" inputMode="numeric" placeholder="all" value={draw} onChange={(event) => setDraw(event.target.value.trim())} aria-invalid={!drawFits} />
            </div>
            <div className="field">
              <label htmlFor={`${id}-share`}>Judged by two, in %</label>
              {plan.isPending ? (
                <Skeleton label="Loading the plan…" height={32} />
              ) : (
                <input id={`${id}-share`} className="input" inputMode="decimal" value={shownPercent} onChange={(event) => setPercent(event.target.value.trim())} aria-invalid={!shareFits} />
              )}
            </div>
          </div>
          {plan.isError && <Failed small what="The plan could not be read" error={plan.error} onRetry={() => void plan.refetch()} />}
          {!drawFits && <p className="hint bad">How many has to be a whole number above 0, or empty for all.</p>}
          {!shareFits && !plan.isPending && <p className="hint bad">The share judged by two has to be from 0 to 100 %.</p>}
          {shareFits && to.size === 1 && share > 0 && <p className="hint">One reviewer alone judges everything once; choose two or more for a share judged twice.</p>}
          <fieldset className="field">
            <legend>To whom</legend>
            {people.length === 0 ? (
              <p className="hint">Nobody here may review yet. Invite reviewers under Members.</p>
            ) : (
              <div className="assign-people">
                {people.map((one) => (
                  <label key={one.id} className="assign-choice">
                    <input
                      type="checkbox"
                      checked={to.has(one.id)}
                      onChange={() => {
                        const next = new Set(to);
                        if (!next.delete(one.id)) next.add(one.id);
                        setTo(next);
                      }}
                    />
                    <bdi className="clip-text">{one.name}</bdi>
                    <span className="push muted small">{one.assigned > 0 ? `has ${formatCount(one.assigned)}` : ""}</span>
                  </label>
                ))}
              </div>
            )}
          </fieldset>
          {assign.error && (
            <p role="alert" className="notice bad">
              <Icon name="warning" /> {assign.error.message}
            </p>
          )}
        </div>
        <footer>
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={!ready || assign.isPending}>
            {assign.isPending ? "Assigning…" : "Assign"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface ChoiceProps {
  name: string;
  value: From;
  current: From;
  onChoose: (value: From) => void;
  disabled?: boolean;
  children: ReactNode;
}

function Choice({ name, value, current, onChoose, disabled = false, children }: ChoiceProps) {
  return (
    <label className="assign-choice">
      <input type="radio" name={name} checked={current === value} disabled={disabled} onChange={() => onChoose(value)} />
      {children}
    </label>
  );
}
