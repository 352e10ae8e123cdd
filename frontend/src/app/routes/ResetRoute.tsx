import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { Icon } from "../../components/Icon";
import { Failed, Skeleton } from "../../components/PanelState";
import { Refusal } from "../../components/Refusal";
import { TextField } from "../../components/TextField";
import { useAskForReset, useReset } from "../../features/session/mutations";
import { resetQuery, sessionQuery } from "../../features/session/queries";
import { Entrance } from "./Entrance";
import { useTitle } from "./useTitle";

export function ResetRequestRoute() {
  useTitle("Forgotten password");
  const session = useQuery(sessionQuery);
  const [email, setEmail] = useState("");
  const ask = useAskForReset();

  function submit(event: FormEvent) {
    event.preventDefault();
    ask.mutate(email);
  }

  return (
    <Entrance title="Forgotten password">
      {session.isPending ? (
        <Skeleton label="Loading…" height={120} />
      ) : session.isError ? (
        <Failed small error={session.error} onRetry={() => void session.refetch()} />
      ) : !session.data.email ? (
        <>
          <p>This Kineme sends no mail. Whoever runs it can make a link with which you choose a new password:</p>
          <code className="command">./kineme reset-link NAME</code>
        </>
      ) : ask.isSuccess ? (
        <p role="status" className="notice">
          <Icon name="check" /> If an account has this address, a link is on its way to it. It works for a day, once.
        </p>
      ) : (
        <form className="stack" onSubmit={submit} aria-label="Ask for a link">
          <p className="muted">We mail a link to the address of your account.</p>
          <TextField label="E-mail" type="email" autoComplete="email" required maxLength={254} value={email} onChange={setEmail} />
          <Refusal error={ask.error} />
          <button type="submit" className="button primary" disabled={ask.isPending}>
            {ask.isPending ? "Sending…" : "Send the link"}
          </button>
        </form>
      )}
      <BackToSignIn />
    </Entrance>
  );
}

export function ResetRoute() {
  useTitle("New password");
  const { key = "" } = useParams();
  const whose = useQuery(resetQuery(key));
  const [password, setPassword] = useState("");
  const reset = useReset(key);
  const navigate = useNavigate();

  function submit(event: FormEvent) {
    event.preventDefault();
    reset.mutate(password, { onSuccess: () => void navigate("/signin?reset=done", { replace: true }) });
  }

  return (
    <Entrance title="New password">
      {whose.isPending ? (
        <Skeleton label="Loading…" height={120} />
      ) : whose.isError ? (
        <Failed small what="This link does not work" error={whose.error} />
      ) : (
        <form className="stack" onSubmit={submit} aria-label="Choose a new password">
          <p>
            For <span className="strong">{whose.data.username}</span>. You are signed out everywhere.
          </p>
          <input type="hidden" autoComplete="username" value={whose.data.username} readOnly />
          <TextField
            label="New password"
            hint="Ten characters or more."
            type="password"
            autoComplete="new-password"
            required
            minLength={10}
            value={password}
            onChange={setPassword}
          />
          <Refusal error={reset.error} />
          <button type="submit" className="button primary" disabled={reset.isPending}>
            {reset.isPending ? "Changing…" : "Change password"}
          </button>
        </form>
      )}
      <BackToSignIn />
    </Entrance>
  );
}

function BackToSignIn() {
  return (
    <p className="small muted">
      <Link to="/signin">Back to sign-in</Link>
    </p>
  );
}
