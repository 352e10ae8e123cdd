import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { ApiToken } from "../../api/types";
import { AskFirst } from "../../components/AskFirst";
import { CopyField } from "../../components/CopyField";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { Refusal } from "../../components/Refusal";
import { TextField } from "../../components/TextField";
import { formatAgo } from "../../lib/time";
import { useMakeToken, useRevokeToken } from "./mutations";
import { tokensQuery } from "./queries";

const SCOPES = [
  { name: "read", means: "see what you see" },
  { name: "write", means: "upload, start runs, change the vocabulary" },
  { name: "export", means: "make and download exports" },
] as const;
type Scope = (typeof SCOPES)[number]["name"];

export function Tokens() {
  const tokens = useQuery(tokensQuery);
  const [making, setMaking] = useState(false);
  const revoke = useRevokeToken();
  const make = (
    <button type="button" className="button" onClick={() => setMaking(true)}>
      <Icon name="plus" /> New token
    </button>
  );
  return (
    <>
      <div className="row wrap">
        <p className="muted">A program signs in with one: it may do no more than you, and no more than it says.</p>
        <span className="push">{tokens.data && tokens.data.length > 0 && make}</span>
      </div>
      <Refusal error={revoke.error} />
      {tokens.isPending ? (
        <Skeleton label="Loading tokens…" height={44} rows={2} gap={1} />
      ) : tokens.isError ? (
        <Failed small what="The tokens could not be read" error={tokens.error} onRetry={() => void tokens.refetch()} />
      ) : tokens.data.length === 0 ? (
        <Empty small title="No tokens" icon="keys" actions={make}>
          For the <code>kineme</code> command and scripts of your own.
        </Empty>
      ) : (
        <ul className="people" aria-label="Tokens">
          {tokens.data.map((token) => (
            <li key={token.id}>
              <span className="who">
                <span className="strong clip-text">{token.name}</span>
                <span className="facts small">
                  <span>{token.prefix}…</span>
                  <span>{token.scopes.join(", ")}</span>
                  <span>{used(token)}</span>
                  <span>until {day(token.expires_at)}</span>
                </span>
              </span>
              <AskFirst
                label={`Revoke ${token.name}`}
                trigger="Revoke"
                what="Whatever uses this token is refused from then on."
                yes="Revoke it"
                pending={revoke.isPending}
                onYes={() => revoke.mutate(token.id)}
              />
            </li>
          ))}
        </ul>
      )}
      {making && <MakeToken onClose={() => setMaking(false)} />}
    </>
  );
}

function MakeToken({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(["read"]);
  const [days, setDays] = useState("90");
  const make = useMakeToken();

  function submit(event: FormEvent) {
    event.preventDefault();
    make.mutate({ name: name.trim(), scopes: [...scopes], days: Number(days) });
  }

  if (make.data)
    return (
      <Dialog title="Your new token" onClose={onClose}>
        <div className="body">
          <p>Copy it now: it is not shown again.</p>
          <CopyField label="Token" value={make.data.token} />
        </div>
        <footer>
          <button type="button" className="button primary" onClick={onClose}>
            Done
          </button>
        </footer>
      </Dialog>
    );
  return (
    <Dialog title="New token" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="body">
          <TextField label="What it is for" required maxLength={80} placeholder="Nightly upload" value={name} onChange={setName} />
          <fieldset className="field">
            <legend>It may</legend>
            {SCOPES.map(({ name: scope, means }) => (
              <label key={scope} className="row check">
                <input
                  type="checkbox"
                  checked={scopes.includes(scope)}
                  onChange={(event) => setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((other) => other !== scope))}
                />
                <span>
                  {scope} <span className="muted">– {means}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <div className="field">
            <label htmlFor="token-days">It ends after</label>
            <select id="token-days" className="select" value={days} onChange={(event) => setDays(event.target.value)}>
              <option value="7">a week</option>
              <option value="30">30 days</option>
              <option value="90">90 days</option>
              <option value="365">a year</option>
            </select>
          </div>
          <Refusal error={make.error} />
        </div>
        <footer>
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={make.isPending || name.trim() === "" || scopes.length === 0}>
            Make token
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function used(token: ApiToken): string {
  return token.last_used_at === null ? "never used" : `used ${formatAgo(token.last_used_at)}`;
}

function day(iso: string): string {
  return iso.slice(0, 10);
}
