import { useInfiniteQuery } from "@tanstack/react-query";
import { Dialog } from "../../components/Dialog";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { formatAgo } from "../../lib/time";
import { historyQuery } from "./queries";

interface HistoryProps {
  project: number;
  mayEdit: boolean;
  busy: boolean;
  error: Error | null;
  onUndo: (change: number) => void;
  onRedo: (change: number) => void;
  onClose: () => void;
}

/** Every step of the vocabulary, the newest first; anybody's can be taken back while nothing lies on top of it. */
export function History({ project, mayEdit, busy, error, onUndo, onRedo, onClose }: HistoryProps) {
  const history = useInfiniteQuery(historyQuery(project));
  const steps = history.data?.pages.flatMap(({ results }) => results) ?? [];
  return (
    <Dialog title="History" onClose={onClose}>
      <div className="body">
        {error && (
          <p role="alert" className="notice bad">
            {error.message}
          </p>
        )}
        {history.isPending ? (
          <Skeleton label="Loading the history…" height={40} rows={5} />
        ) : history.isError ? (
          <Failed small error={history.error} onRetry={() => void history.refetch()} />
        ) : steps.length === 0 ? (
          <Empty small title="Nothing has been changed yet">
            Naming, merging, splitting and moving are written down here, and can be taken back.
          </Empty>
        ) : (
          <ol className="history" aria-label="Steps, the newest first">
            {steps.map((step) => (
              <li key={step.id} className={step.undone_at ? "undone" : undefined}>
                <div>
                  <p>{step.summary}</p>
                  <p className="small muted">
                    {step.by}, <time dateTime={step.at}>{formatAgo(step.at)}</time>
                    {step.run_number !== null && ` · run ${step.run_number}`}
                    {step.undone_at && ` · undone by ${step.undone_by}`}
                  </p>
                </div>
                {mayEdit && (
                  <button type="button" className="button small" disabled={busy} onClick={() => (step.undone_at ? onRedo : onUndo)(step.id)}>
                    {step.undone_at ? "Redo" : "Undo"}
                  </button>
                )}
              </li>
            ))}
          </ol>
        )}
        {history.hasNextPage && (
          <button type="button" className="button" disabled={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
            Show more
          </button>
        )}
      </div>
    </Dialog>
  );
}
