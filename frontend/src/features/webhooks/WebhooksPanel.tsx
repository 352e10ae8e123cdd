import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { AddWebhook, Secret } from "./AddWebhook";
import { Deliveries } from "./Deliveries";
import { EVENT_WORDS } from "./events";
import { useRemoveWebhook, useReplaceSecret, useSwitchWebhook, useTestWebhook } from "./mutations";
import { webhooksQuery, type Webhook } from "./queries";
import "./webhooks.css";

/** The addresses that are told what happens in a project. For its owners. */
export function WebhooksPanel({ project }: { project: number }) {
  const webhooks = useQuery(webhooksQuery(project));
  const [adding, setAdding] = useState(false);

  return (
    <section className="panel card webhooks" aria-label="Webhooks">
      <header className="row">
        <h2>Webhooks</h2>
        <button type="button" className="button push" onClick={() => setAdding(true)}>
          <Icon name="plus" /> Add an address
        </button>
      </header>
      {webhooks.isPending ? (
        <Skeleton label="Loading webhooks…" height={64} rows={2} gap={1} />
      ) : webhooks.isError ? (
        <Failed what="The webhooks could not be read" error={webhooks.error} onRetry={() => void webhooks.refetch()} />
      ) : webhooks.data.length === 0 ? (
        <Empty title="Nobody is told" small>
          Kineme can send a signed message to a system of yours when a run is over, a reviewer is done or an export is ready.
        </Empty>
      ) : (
        <ul>
          {webhooks.data.map((one) => (
            <WebhookRow key={one.id} webhook={one} project={project} />
          ))}
        </ul>
      )}
      {adding && <AddWebhook project={project} onClose={() => setAdding(false)} />}
    </section>
  );
}

function WebhookRow({ webhook, project }: { webhook: Webhook; project: number }) {
  const [open, setOpen] = useState(false);
  const [removing, setRemoving] = useState(false);
  const [replacing, setReplacing] = useState(false);
  const replace = useReplaceSecret();
  const turn = useSwitchWebhook(project);
  const remove = useRemoveWebhook(project);
  const test = useTestWebhook();
  const error = turn.error ?? replace.error ?? remove.error ?? test.error;

  return (
    <li className="webhook" aria-label={webhook.url}>
      <div className="row wrap">
        <span className="url">{webhook.url}</span>
        <StateBadge webhook={webhook} />
        <span className="facts push">
          <span>{webhook.events.map((event) => EVENT_WORDS[event]).join(", ")}</span>
        </span>
      </div>
      {webhook.stopped && (
        <p className="notice bad">
          <Icon name="warning" /> {webhook.stopped}
        </p>
      )}
      {error && (
        <p role="alert" className="notice bad">
          <Icon name="warning" /> {error.message}
        </p>
      )}
      <div className="row wrap">
        <button type="button" className="button small quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          What was sent
        </button>
        <button
          type="button"
          className="button small quiet"
          disabled={test.isPending || !webhook.active}
          onClick={() => test.mutate(webhook.id, { onSuccess: () => setOpen(true) })}
        >
          Send a test
        </button>
        <button
          type="button"
          className="button small quiet"
          disabled={turn.isPending}
          onClick={() => turn.mutate({ id: webhook.id, active: !webhook.active })}
        >
          {webhook.active ? "Switch off" : "Switch on"}
        </button>
        {replacing ? (
          <>
            <button
              type="button"
              className="button small danger"
              disabled={replace.isPending}
              onClick={() => replace.mutate(webhook.id, { onSettled: () => setReplacing(false) })}
            >
              The old one no longer signs
            </button>
            <button type="button" className="button small quiet" onClick={() => setReplacing(false)}>
              Leave it
            </button>
          </>
        ) : (
          <button type="button" className="button small quiet" onClick={() => setReplacing(true)}>
            New secret…
          </button>
        )}
        {removing ? (
          <>
            <button type="button" className="button small danger" disabled={remove.isPending} onClick={() => remove.mutate(webhook.id)}>
              Remove it and its record
            </button>
            <button type="button" className="button small quiet" onClick={() => setRemoving(false)}>
              Keep
            </button>
          </>
        ) : (
          <button type="button" className="button small quiet" onClick={() => setRemoving(true)}>
            Remove…
          </button>
        )}
      </div>
      {open && <Deliveries webhook={webhook.id} />}
      {replace.data && <Secret secret={replace.data.secret} onClose={() => replace.reset()} />}
    </li>
  );
}

function StateBadge({ webhook }: { webhook: Webhook }) {
  if (!webhook.active) return <span className={webhook.stopped ? "badge bad" : "badge"}>off</span>;
  if (webhook.last_status === "failed") return <span className="badge bad">not taken</span>;
  if (webhook.last_status === "waiting") return <span className="badge active">being sent</span>;
  return webhook.last_status === "sent" ? <span className="badge done">taken</span> : <span className="badge">nothing sent yet</span>;
}
