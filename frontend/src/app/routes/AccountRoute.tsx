import { useQuery } from "@tanstack/react-query";
import { Failed, Skeleton } from "../../components/PanelState";
import { NameForm, PasswordForm } from "../../features/account/Profile";
import { accountQuery } from "../../features/account/queries";
import { Tokens } from "../../features/account/Tokens";
import { Connections } from "../../features/session/Connections";
import "../../features/members/members.css";
import { useTitle } from "./useTitle";

export function AccountRoute() {
  useTitle("Account");
  const account = useQuery(accountQuery);
  return (
    <div className="page narrow">
      <div className="page-head">
        <div>
          <h1>Account</h1>
        </div>
      </div>
      {account.isPending ? (
        <Skeleton label="Loading your account…" height={160} rows={3} gap={16} />
      ) : account.isError ? (
        <Failed what="Your account could not be read" error={account.error} onRetry={() => void account.refetch()} />
      ) : (
        <>
          <section className="panel card" aria-labelledby="you">
            <h2 id="you">You</h2>
            <NameForm account={account.data} />
            {account.data.email && <p className="small muted">E-mail: {account.data.email}</p>}
          </section>
          <section className="panel card" aria-labelledby="password">
            <h2 id="password">Password</h2>
            <PasswordForm account={account.data} />
          </section>
          <Connections connected={account.data.connected} />
          <section className="panel card" aria-labelledby="tokens">
            <h2 id="tokens">Tokens</h2>
            <Tokens />
          </section>
        </>
      )}
    </div>
  );
}
