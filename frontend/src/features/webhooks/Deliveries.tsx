import { useQuery } from "@tanstack/react-query";
import { Icon } from "../../components/Icon";
import { Failed, Skeleton } from "../../components/PanelState";
import { formatAgo } from "../../lib/time";
import { plural } from "../../lib/words";
import { EVENT_WORDS } from "./events";
import { useRedeliver } from "./mutations";
import { deliveriesQuery, type Delivery } from "./queries";

/** The newest of what was sent to one address, and what came of it. */
export function Deliveries({ webhook }: { webhook: number }) {
  const deliveries = useQuery(deliveriesQuery(webhook));
  const again = useRedeliver();

  if (deliveries.isPending) return <Skeleton label="Loading what was sent…" height={28} rows={2} />;
  if (deliveries.isError)
    return <Failed small what="What was sent could not be read" error={deliveries.error} onRetry={() => void deliveries.refetch()} />;
  if (deliveries.data.results.length === 0) return <p className="small muted">Nothing has happened since it was added.</p>;
  return (
    <>
      {again.error && (
        <p role="alert" className="notice bad">
          <Icon name="warning" /> {again.error.message}
        </p>
      )}
      <ul className="deliveries small" aria-label="What was sent">
        {deliveries.data.results.map((one) => (
          <li key={one.id} className="row wrap">
            <span>{EVENT_WORDS[one.event]}</span>
            <span className="muted">{formatAgo(one.created_at)}</span>
            <span className={one.status === "failed" ? "bad" : "muted"}>{outcome(one)}</span>
            {one.status !== "waiting" && (
              <button type="button" className="link-button push" disabled={again.isPending} onClick={() => again.mutate(one.id)}>
                Send again
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function outcome(one: Delivery): string {
  if (one.status === "sent") return `taken, ${one.answer ?? ""}`;
  if (one.status === "failed") return `given up after ${plural(one.attempt, "attempt")}: ${one.reason}`;
  return one.attempt === 0 ? "on its way" : `attempt ${one.attempt}: ${one.reason || "being sent"} It is tried again.`;
}
