import { useState, type FormEvent } from "react";
import { Refusal } from "../../components/Refusal";
import { TextField } from "../../components/TextField";
import { useJoin } from "./mutations";

/** An account for somebody who was invited. */
export function JoinForm({ token, onJoined }: { token: string; onJoined: () => void }) {
  const [username, setUsername] = useState("");
  const [displayName, setDisplayName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const join = useJoin(token);

  function submit(event: FormEvent) {
    event.preventDefault();
    join.mutate({ username, display_name: displayName, email, password }, { onSuccess: onJoined });
  }

  return (
    <form className="stack" onSubmit={submit} aria-label="Make an account">
      <TextField label="User name" hint="You sign in with it." autoComplete="username" autoCapitalize="none" required maxLength={150} value={username} onChange={setUsername} />
      <TextField label="Your name, as others see it" autoComplete="name" maxLength={150} value={displayName} onChange={setDisplayName} />
      <TextField label="E-mail, if you like" hint="For a forgotten password." type="email" autoComplete="email" maxLength={254} value={email} onChange={setEmail} />
      <TextField label="Password" hint="Ten characters or more." type="password" autoComplete="new-password" required minLength={10} value={password} onChange={setPassword} />
      <Refusal error={join.error} />
      <button type="submit" className="button primary" disabled={join.isPending}>
        {join.isPending ? "Joining…" : "Make account and join"}
      </button>
    </form>
  );
}
