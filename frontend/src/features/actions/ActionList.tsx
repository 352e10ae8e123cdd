import { useQuery } from "@tanstack/react-query";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Dialog } from "../../components/Dialog";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { plural } from "../../lib/words";
import { actionsQuery } from "./queries";

interface ActionListProps {
  project: number;
  run: number;
  onOpen: (action: number) => void;
  onClose: () => void;
}

/** Every action of the project, those without a primitive in this run and deprecated ones too. */
export function ActionList({ project, run, onOpen, onClose }: ActionListProps) {
  const actions = useQuery(actionsQuery(project, run));
  return (
    <Dialog title="All names" onClose={onClose}>
      <div className="body">
        {actions.isPending ? (
          <Skeleton label="Loading the names…" height={32} rows={5} />
        ) : actions.isError ? (
          <Failed small error={actions.error} onRetry={() => void actions.refetch()} />
        ) : actions.data.length === 0 ? (
          <Empty small title="No names yet">
            Name a cluster, and it becomes an action.
          </Empty>
        ) : (
          <ul className="all-names">
            {actions.data.map((action) => (
              <li key={action.id}>
                <button type="button" className="menu-item" onClick={() => onOpen(action.id)}>
                  <ClusterSwatch cluster={action.colour} />
                  <span className={action.deprecated ? "clip-text muted" : "clip-text"}>{action.name}</span>
                  {action.deprecated && <span className="badge">deprecated</span>}
                  <span className="push small muted one-line">
                    {action.digit !== null && <span className="badge">key {action.digit}</span>} {plural(action.n_segments ?? 0, "primitive")}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}
