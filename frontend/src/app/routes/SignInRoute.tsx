import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useSearchParams } from "react-router";
import { Icon } from "../../components/Icon";
import { Providers } from "../../features/session/Providers";
import { sessionQuery } from "../../features/session/queries";
import { SignInForm } from "../../features/session/SignInForm";
import { Entrance } from "./Entrance";
import { useTitle } from "./useTitle";

/** Only a path of our own: an address elsewhere would make the sign-in page a springboard. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : "/projects";
}

const CAME_BACK: Record<string, string> = {
  uninvited: "You are known there, but nobody has invited you here yet. Ask an owner of a project for an invitation.",
  inactive: "Your account here is switched off. Ask whoever runs this Kineme.",
  cancelled: "You did not sign in there.",
  failed: "Signing in there did not work. Try again, or use your password.",
};

export function SignInRoute() {
  useTitle("Sign in");
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const session = useQuery(sessionQuery); // also brings the token the form needs
  const next = safeNext(params.get("next"));
  const why = params.get("link") === "used" ? "This sign-in link was used already or is too old. Sign in with your password." : CAME_BACK[params.get("provider") ?? ""];

  if (session.data?.user) return <Navigate replace to={next} />;
  return (
    <Entrance title="Kineme">
      <p className="muted">Action primitives, found in the movement itself.</p>
      {why && (
        <p role="status" className="notice">
          <Icon name="warning" /> {why}
        </p>
      )}
      {params.get("reset") === "done" && (
        <p role="status" className="notice">
          <Icon name="check" /> Your new password holds. Sign in with it.
        </p>
      )}
      <SignInForm onSignedIn={() => void navigate(next, { replace: true })} />
      <Providers providers={session.data?.oidc ?? []} next={next} />
      <p className="small muted">
        <Link to="/reset">Forgotten your password?</Link>
      </p>
    </Entrance>
  );
}
