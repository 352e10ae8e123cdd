import { useQuery } from "@tanstack/react-query";
import { Refusal } from "../../components/Refusal";
import { paths } from "../../lib/paths";
import { useProvider } from "./mutations";
import { sessionQuery } from "./queries";

/** Signing in elsewhere, for who has an account here; nothing where no provider is set up. */
export function Connections({ connected }: { connected: readonly string[] }) {
  const session = useQuery(sessionQuery);
  const go = useProvider();
  const providers = session.data?.oidc ?? [];
  if (providers.length === 0) return null;
  return (
    <section className="panel card" aria-labelledby="elsewhere">
      <h2 id="elsewhere">Signing in elsewhere</h2>
      {providers.map(({ id, name }) =>
        connected.includes(id) ? (
          <p key={id}>You can sign in with {name}.</p>
        ) : (
          <div key={id} className="row">
            <button
              type="button"
              className="button"
              disabled={go.isPending}
              onClick={() => go.mutate({ provider: id, next: paths.account, invitation: "", connect: true })}
            >
              Connect {name}
            </button>
          </div>
        ),
      )}
      <Refusal error={go.error} />
    </section>
  );
}
