import { useState, type FormEvent } from "react";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { EVENT_WORDS, EVENTS } from "./events";
import { useAddWebhook } from "./mutations";
import type { WebhookEvent } from "./queries";

export function AddWebhook({ project, onClose }: { project: number; onClose: () => void }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<WebhookEvent[]>(EVENTS);
  const add = useAddWebhook(project);

  function submit(event: FormEvent) {
    event.preventDefault();
    add.mutate({ url: url.trim(), events });
  }

  function turn(event: WebhookEvent, on: boolean) {
    setEvents(EVENTS.filter((one) => (one === event ? on : events.includes(one))));
  }

  if (add.data) return <Secret secret={add.data.secret} onClose={onClose} />;
  return (
    <Dialog title="Add an address" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="body">
          <div className="field">
            <label htmlFor="webhook-url">Address</label>
            <input
              id="webhook-url"
              className="input"
              type="url"
              required
              maxLength={2000}
              placeholder="https://ci.example.org/kineme"
              aria-describedby="webhook-hint"
              value={url}
              onChange={(event) => setUrl(event.target.value)}
            />
            <p id="webhook-hint" className="hint">
              With https, on the open internet. An administrator can allow one of your own network.
            </p>
          </div>
          <fieldset className="field">
            <legend className="label">Tell it when</legend>
            {EVENTS.map((event) => (
              <label key={event} className="row">
                <input type="checkbox" checked={events.includes(event)} onChange={(change) => turn(event, change.target.checked)} />
                {EVENT_WORDS[event]}
              </label>
            ))}
          </fieldset>
          {add.error && (
            <p role="alert" className="notice bad">
              <Icon name="warning" /> {add.error.message}
            </p>
          )}
        </div>
        <footer>
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={add.isPending || events.length === 0 || url.trim() === ""}>
            {add.isPending ? "Adding…" : "Add"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** What signs the messages; the only time it is seen. */
export function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  return (
    <Dialog title="Its secret" onClose={onClose}>
      <div className="body">
        <p>Every message is signed with this. It is shown now and never again.</p>
        <div className="field">
          <label htmlFor="webhook-secret">Secret</label>
          <input id="webhook-secret" className="input" readOnly value={secret} onFocus={(event) => event.target.select()} />
        </div>
        <p className="hint">
          Check <code>Kineme-Signature: t=…,v1=…</code>: v1 is the HMAC-SHA256 of t, a full stop and the body.
        </p>
      </div>
      <footer>
        <button type="button" className="button" onClick={() => void navigator.clipboard.writeText(secret).then(() => setCopied(true))}>
          {copied ? "Copied" : "Copy"}
        </button>
        <button type="button" className="button primary" onClick={onClose}>
          I have kept it
        </button>
      </footer>
    </Dialog>
  );
}
