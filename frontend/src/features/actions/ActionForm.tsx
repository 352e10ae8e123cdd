import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useId, useState, type FormEvent } from "react";
import { ApiError } from "../../api/errors";
import type { Action, ActionEdit } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { LoopingClip } from "../../components/LoopingClip";
import { Failed, Skeleton } from "../../components/PanelState";
import { HUES } from "../../lib/palette";
import { plural } from "../../lib/words";
import { useEditAction } from "./mutations";
import { actionsQuery, segmentsOfGroupQuery } from "./queries";
import { changedIn, draftOf, FIELDS, shownColour, TAXONOMY, whatHappensToKey, type ActionDraft } from "./draft";

interface ActionFormProps {
  project: number;
  run: number;
  action: number;
  mayEdit: boolean;
  onClose: () => void;
}

/** All that is known of an action, to be changed in one step of the history. */
export function ActionForm({ project, run, action, mayEdit, onClose }: ActionFormProps) {
  const actions = useQuery(actionsQuery(project, run));
  const one = actions.data?.find(({ id }) => id === action);
  const [loaded, setLoaded] = useState(0);
  return (
    <Dialog title={one ? one.name : "Action"} onClose={onClose}>
      {actions.isPending ? (
        <div className="body">
          <Skeleton label="Loading the action…" height={40} rows={5} />
        </div>
      ) : actions.isError ? (
        <Failed what="The action could not be read" error={actions.error} onRetry={() => void actions.refetch()} />
      ) : !one ? (
        <div className="body">
          <p>This action is not there any more.</p>
        </div>
      ) : (
        <Form
          key={loaded}
          project={project}
          run={run}
          action={one}
          others={actions.data.filter(({ id, deprecated }) => id !== action && !deprecated)}
          mayEdit={mayEdit}
          onReload={() => void actions.refetch().then(() => setLoaded((before) => before + 1))}
          onClose={onClose}
        />
      )}
    </Dialog>
  );
}

interface FormProps {
  project: number;
  run: number;
  action: Action;
  others: readonly Action[];
  mayEdit: boolean;
  onReload: () => void;
  onClose: () => void;
}

function Form({ project, run, action, others, mayEdit, onReload, onClose }: FormProps) {
  // As it was when the form opened: what is written over has to be what was seen.
  const [seen] = useState(() => draftOf(action));
  const [draft, setDraft] = useState(seen);
  const [deprecated] = useState(action.deprecated);
  const edit = useEditAction(project);
  const id = useId();
  const set = <K extends keyof ActionDraft>(name: K, value: ActionDraft[K]) => setDraft((before) => ({ ...before, [name]: value }));
  const changed = changedIn(seen, draft);
  const meanwhile = edit.error instanceof ApiError && edit.error.code === "changed_meanwhile";
  const send = (values: ActionEdit, expected: ActionEdit) => edit.mutate({ action: action.id, values, expected }, { onSuccess: onClose });

  function submit(event: FormEvent) {
    event.preventDefault();
    if (Object.keys(changed).length > 0) send(changed, seen);
  }

  return (
    <form onSubmit={submit} className="action-form">
      <fieldset className="body" disabled={!mayEdit}>
        <legend className="visually-hidden">The action</legend>
        <label className="field">
          <span className="label">Name</span>
          <input className="input" required maxLength={120} value={draft.name} onChange={(event) => set("name", event.target.value)} />
        </label>
        <label className="field">
          <span className="label">Description</span>
          <textarea className="input" rows={2} maxLength={5000} value={draft.description} onChange={(event) => set("description", event.target.value)} />
        </label>
        <div className="form-thirds">
          {FIELDS.map(([name, label, placeholder]) => (
            <label key={name} className="field">
              <span className="label">{label}</span>
              <input className="input" maxLength={120} placeholder={placeholder} value={draft[name]} onChange={(event) => set(name, event.target.value)} />
            </label>
          ))}
        </div>
        <div className="form-thirds">
          <label className="field">
            <span className="label">Taxonomy primitive</span>
            <select className="select" value={draft.primitive} onChange={(event) => set("primitive", event.target.value as ActionDraft["primitive"])}>
              <option value="">none</option>
              {TAXONOMY.map((word) => (
                <option key={word} value={word}>
                  {word.replace("_", " ")}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            <span className="label">Key in review</span>
            <select
              className="select"
              value={draft.digit ?? ""}
              disabled={deprecated}
              aria-describedby={`${id}-key`}
              onChange={(event) => set("digit", event.target.value === "" ? null : Number(event.target.value))}
            >
              <option value="">none</option>
              {[1, 2, 3, 4, 5, 6, 7, 8, 9, 0].map((digit) => {
                const holder = others.find((other) => other.digit === digit);
                return (
                  <option key={digit} value={digit}>
                    {digit}
                    {holder ? ` · ${holder.name}` : ""}
                  </option>
                );
              })}
            </select>
          </label>
        </div>
        <p id={`${id}-key`} className="hint" role="status">
          {whatHappensToKey(seen.digit, draft.digit, others) ?? "The digit that labels a primitive with it in review."}
        </p>
        <fieldset className="field">
          <legend>Colour</legend>
          <div className="colour-choice">
            {Array.from({ length: HUES * 2 }, (_, colour) => (
              <label key={colour} className={shownColour(draft.colour) === colour ? "colour chosen" : "colour"}>
                <input
                  type="radio"
                  name={`${id}-colour`}
                  className="visually-hidden"
                  checked={shownColour(draft.colour) === colour}
                  onChange={() => set("colour", colour)}
                  aria-label={`Colour ${(colour % HUES) + 1}${colour >= HUES ? ", hatched" : ""}${usedBy(colour, others)}`}
                />
                <ClusterSwatch cluster={colour} />
                {others.some((other) => shownColour(other.colour) === colour) && <span className="colour-used" title={usedBy(colour, others).slice(2)} />}
              </label>
            ))}
          </div>
        </fieldset>
        <Examples run={run} action={action.id} chosen={draft.examples} onChange={(examples) => set("examples", examples)} />
        {edit.error && (
          <div role="alert" className="notice bad">
            <Icon name="warning" />
            <p>{edit.error.message}</p>
            {meanwhile && (
              <button type="button" className="button small push" onClick={onReload}>
                Show it as it is now
              </button>
            )}
          </div>
        )}
      </fieldset>
      <footer>
        {mayEdit && (
          <button
            type="button"
            className="button quiet first"
            disabled={edit.isPending}
            title={deprecated ? "Offer it again" : "Keep it for what refers to it, offer it no more"}
            onClick={() => send({ deprecated: !deprecated }, { deprecated })}
          >
            {deprecated ? "Restore" : "Deprecate"}
          </button>
        )}
        <button type="button" className="button quiet" onClick={onClose}>
          {mayEdit ? "Cancel" : "Close"}
        </button>
        {mayEdit && (
          <button type="submit" className="button primary" disabled={edit.isPending || Object.keys(changed).length === 0 || draft.name.trim() === ""}>
            Save
          </button>
        )}
      </footer>
    </form>
  );
}

function usedBy(colour: number, others: readonly Action[]): string {
  const names = others.filter((other) => shownColour(other.colour) === colour).map(({ name }) => name);
  return names.length === 0 ? "" : `, of ${names.slice(0, 3).join(", ")}${names.length > 3 ? " and others" : ""}`;
}

const MOST_EXAMPLES = 24;

interface ExamplesProps {
  run: number;
  action: number;
  chosen: readonly number[];
  onChange: (examples: number[]) => void;
}

/** Primitives that show the action well: those picked come first, then what the run has of it. */
function Examples({ run, action, chosen, onChange }: ExamplesProps) {
  const segments = useInfiniteQuery(segmentsOfGroupQuery(run, `action:${action}`));
  const [first] = useState(chosen); // what is unpicked keeps its place until the form closes
  const found = segments.data?.pages.flatMap(({ results }) => results) ?? [];
  const ids = [...first, ...found.map(({ id }) => id).filter((id) => !first.includes(id))];
  return (
    <fieldset className="field">
      <legend>Examples{chosen.length > 0 && ` (${chosen.length})`}</legend>
      {segments.isPending ? (
        <Skeleton label="Loading primitives…" className="example-grid" height={64} rows={4} />
      ) : ids.length === 0 ? (
        <p className="hint">{segments.isError ? segments.error.message : "This run has no primitive of it to pick."}</p>
      ) : (
        <ul className="example-grid">
          {ids.map((id, i) => (
            <li key={id}>
              <label className={chosen.includes(id) ? "example chosen" : "example"}>
                <LoopingClip src={`/api/segments/${id}/clip/`} poster={`/api/segments/${id}/poster/`} label={`Primitive ${i + 1}`} />
                <input
                  type="checkbox"
                  checked={chosen.includes(id)}
                  disabled={!chosen.includes(id) && chosen.length >= MOST_EXAMPLES}
                  onChange={(event) => onChange(event.target.checked ? [...chosen, id] : chosen.filter((one) => one !== id))}
                  aria-label={`Example ${i + 1}`}
                />
              </label>
            </li>
          ))}
        </ul>
      )}
      {segments.hasNextPage && (
        <button type="button" className="button small more" disabled={segments.isFetchingNextPage} onClick={() => void segments.fetchNextPage()}>
          Show more
        </button>
      )}
      {chosen.length >= MOST_EXAMPLES && <p className="hint">At most {plural(MOST_EXAMPLES, "example")}.</p>}
    </fieldset>
  );
}
