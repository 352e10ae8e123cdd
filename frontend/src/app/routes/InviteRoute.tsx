import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { Failed, Skeleton } from "../../components/PanelState";
import { Refusal } from "../../components/Refusal";
import { JoinForm } from "../../features/session/JoinForm";
import { useAcceptInvitation } from "../../features/session/mutations";
import { Providers } from "../../features/session/Providers";
import { invitationQuery, sessionQuery } from "../../features/session/queries";
import { SignInForm } from "../../features/session/SignInForm";
import { paths } from "../../lib/paths";
import { Entrance } from "./Entrance";
import { useTitle } from "./useTitle";

/** What somebody sees who was sent a link. */
export function InviteRoute() {
  useTitle("Invitation");
  const { token = "" } = useParams();
  const navigate = useNavigate();
  const session = useQuery(sessionQuery);
  const invitation = useQuery(invitationQuery(token));
  const accept = useAcceptInvitation(token);
  const [has, setHas] = useState(false);
  const user = session.data?.user;
  const enter = () => void navigate(paths.projects, { replace: true });

  return (
    <Entrance title="Invitation">
      {invitation.isPending || session.isPending ? (
        <Skeleton label="Loading the invitation…" height={120} />
      ) : invitation.isError ? (
        <>
          <Failed small what="This link leads nowhere" error={invitation.error} />
          <p className="small muted">
            <Link to="/projects">To Kineme</Link>
          </p>
        </>
      ) : invitation.data.my_role !== null && invitation.data.project_id !== null ? (
        <>
          <p>
            You are {article(invitation.data.my_role)} of <span className="strong">{invitation.data.project}</span> already.
          </p>
          <Link className="button primary" to={paths.videos(invitation.data.project_id)}>
            Open the project
          </Link>
        </>
      ) : (
        <>
          <p>
            {invitation.data.invited_by} invites you to <span className="strong">{invitation.data.project}</span> as{" "}
            {article(invitation.data.role)}.
          </p>
          {user ? (
            <>
              <Refusal error={accept.error} />
              <button
                type="button"
                className="button primary"
                disabled={accept.isPending}
                onClick={() =>
                  accept.mutate(undefined, { onSuccess: ({ project }) => void navigate(paths.videos(project), { replace: true }) })
                }
              >
                Join as {user.display_name}
              </button>
            </>
          ) : (
            <>
              {has ? (
                // Once signed in, the page offers to join.
                <SignInForm onSignedIn={() => setHas(false)} />
              ) : (
                <JoinForm token={token} onJoined={enter} />
              )}
              <Providers providers={session.data?.oidc ?? []} next={paths.projects} invitation={token} />
              <button type="button" className="link-button small muted" onClick={() => setHas(!has)}>
                {has ? "I have no account yet" : "I have an account already"}
              </button>
            </>
          )}
        </>
      )}
    </Entrance>
  );
}

function article(role: string): string {
  return role === "owner" ? "an owner" : `a ${role}`;
}
