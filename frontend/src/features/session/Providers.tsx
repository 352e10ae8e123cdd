import type { Session } from "../../api/types";
import { Refusal } from "../../components/Refusal";
import { useProvider } from "./mutations";

interface ProvidersProps {
  providers: Session["oidc"];
  next: string;
  invitation?: string;
}

/** Ways to sign in elsewhere; nothing where none is set up. */
export function Providers({ providers, next, invitation }: ProvidersProps) {
  const go = useProvider();
  if (providers.length === 0) return null;
  return (
    <div className="stack">
      <p className="or small muted">or</p>
      {providers.map(({ id, name }) => (
        <button
          key={id}
          type="button"
          className="button"
          disabled={go.isPending}
          onClick={() => go.mutate({ provider: id, next, invitation: invitation ?? "", connect: false })}
        >
          {invitation ? "Join" : "Sign in"} with {name}
        </button>
      ))}
      <Refusal error={go.error} />
    </div>
  );
}
