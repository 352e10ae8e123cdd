import { useState, type FormEvent } from "react";
import { ApiError } from "../../api/errors";
import { Icon } from "../../components/Icon";
import { useSignIn } from "./mutations";

export function SignInForm({ onSignedIn }: { onSignedIn: () => void }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useSignIn();

  function submit(event: FormEvent) {
    event.preventDefault();
    signIn.mutate({ username, password }, { onSuccess: onSignedIn });
  }

  const wrong = signIn.error instanceof ApiError && signIn.error.code === "invalid_credentials";
  return (
    <form className="stack" onSubmit={submit} aria-label="Sign in">
      <div className="field">
        <label htmlFor="username">User name</label>
        <input
          id="username"
          className="input"
          autoComplete="username"
          autoCapitalize="none"
          required
          value={username}
          onChange={(event) => setUsername(event.target.value)}
        />
      </div>
      <div className="field">
        <label htmlFor="password">Password</label>
        <input
          id="password"
          className="input"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </div>
      {signIn.error && (
        <p role="alert" className="notice bad">
          <Icon name="warning" />
          {wrong ? "This name and password do not go together." : signIn.error.message}
        </p>
      )}
      <button type="submit" className="button primary" disabled={signIn.isPending}>
        {signIn.isPending ? "Signing in…" : "Sign in"}
      </button>
    </form>
  );
}
