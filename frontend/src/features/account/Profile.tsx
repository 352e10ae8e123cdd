import { useState, type FormEvent } from "react";
import type { Account } from "../../api/types";
import { Refusal } from "../../components/Refusal";
import { TextField } from "../../components/TextField";
import { useChangePassword, useRenameMe } from "./mutations";

export function NameForm({ account }: { account: Account }) {
  const [name, setName] = useState(account.display_name);
  const rename = useRenameMe();

  function submit(event: FormEvent) {
    event.preventDefault();
    rename.mutate(name.trim());
  }

  return (
    <form className="stack" onSubmit={submit} aria-label="Your name">
      <TextField
        label="Your name, as others see it"
        hint={`You sign in as ${account.username}.`}
        autoComplete="name"
        maxLength={150}
        placeholder={account.username}
        value={name}
        onChange={setName}
      />
      <Refusal error={rename.error} />
      <div className="row">
        <button type="submit" className="button" disabled={rename.isPending || name.trim() === account.display_name}>
          Save
        </button>
        {rename.isSuccess && (
          <span role="status" className="small muted">
            Saved.
          </span>
        )}
      </div>
    </form>
  );
}

export function PasswordForm({ account }: { account: Account }) {
  const [current, setCurrent] = useState("");
  const [wanted, setWanted] = useState("");
  const change = useChangePassword();

  function submit(event: FormEvent) {
    event.preventDefault();
    change.mutate(
      { current_password: current, new_password: wanted },
      {
        onSuccess: () => {
          setCurrent("");
          setWanted("");
        },
      },
    );
  }

  return (
    <form className="stack" onSubmit={submit} aria-label="Password">
      {account.has_password && (
        <TextField label="Current password" type="password" autoComplete="current-password" required value={current} onChange={setCurrent} />
      )}
      <TextField
        label="New password"
        hint="Ten characters or more. You stay signed in here and are signed out elsewhere."
        type="password"
        autoComplete="new-password"
        required
        minLength={10}
        value={wanted}
        onChange={setWanted}
      />
      <Refusal error={change.error} />
      <div className="row">
        <button type="submit" className="button" disabled={change.isPending}>
          {change.isPending ? "Changing…" : "Change password"}
        </button>
        {change.isSuccess && (
          <span role="status" className="small muted">
            Changed.
          </span>
        )}
      </div>
    </form>
  );
}
