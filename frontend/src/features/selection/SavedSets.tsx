import { useQuery } from "@tanstack/react-query";
import { AskFirst } from "../../components/AskFirst";
import { Icon } from "../../components/Icon";
import { Failed, Skeleton } from "../../components/PanelState";
import { formatAgo } from "../../lib/time";
import { plural } from "../../lib/words";
import { useRemoveSet } from "./mutations";
import { setsQuery } from "./queries";

interface SavedSetsProps {
  project: number;
  run: number;
  canWrite: boolean;
  onOpen: (set: number) => void;
  onRemoved: (set: number) => void;
}

/** The sets of this run; those of other runs hold other primitives. */
export function SavedSets({ project, run, canWrite, onOpen, onRemoved }: SavedSetsProps) {
  const sets = useQuery(setsQuery(project));
  const remove = useRemoveSet(project);

  if (sets.isPending) return <Skeleton label="Loading sets…" height={36} rows={2} />;
  if (sets.isError) return <Failed what="The sets could not be read" error={sets.error} onRetry={() => void sets.refetch()} />;
  const here = sets.data.filter((set) => set.run === run);
  if (here.length === 0) return null;
  return (
    <section className="saved-sets" aria-label="Saved sets">
      <h3>Saved sets</h3>
      {remove.error && (
        <p role="alert" className="notice bad">
          <Icon name="warning" /> {remove.error.message}
        </p>
      )}
      <ul>
        {here.map((set) => (
          <li key={set.id}>
            <button type="button" className="set" onClick={() => onOpen(set.id)}>
              <span className="clip-text">{set.name}</span>
              {set.for_review && <span className="badge">for review</span>}
              <span className="push small muted" title={`By ${set.created_by}, ${formatAgo(set.created_at)}`}>
                {plural(set.n, "primitive")}
              </span>
            </button>
            {canWrite && (
              <AskFirst
                label={`Remove the set ${set.name}`}
                trigger={<Icon name="trash" />}
                className="icon-button"
                what="The primitives stay; that they were picked out together is forgotten."
                yes="Remove the set"
                pending={remove.isPending}
                onYes={() => remove.mutate(set.id, { onSuccess: () => onRemoved(set.id) })}
              />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
