import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { Icon } from "../../components/Icon";
import { Failed, Skeleton } from "../../components/PanelState";
import { InviteDialog, Invitations } from "../../features/members/Invitations";
import { MemberList } from "../../features/members/MemberList";
import { invitationsQuery, membersQuery } from "../../features/members/queries";
import { ProjectSettings } from "../../features/members/ProjectSettings";
import { projectQuery } from "../../features/projects/queries";
import { sessionQuery } from "../../features/session/queries";
import { WebhooksPanel } from "../../features/webhooks/WebhooksPanel";
import { paths } from "../../lib/paths";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

export function MembersRoute() {
  const id = useIdParam("project");
  const project = useQuery(projectQuery(id));
  const session = useQuery(sessionQuery);
  const navigate = useNavigate();
  const [inviting, setInviting] = useState(false);
  useTitle("Members", project.data?.name);

  const isOwner = project.data?.role === "owner";
  // What stands below lists of unknown length comes with them, or it would be pushed away while one reads it.
  const members = useQuery(membersQuery(id));
  const invitations = useQuery({ ...invitationsQuery(id), enabled: isOwner });
  const listed = !members.isPending && !invitations.isPending;
  if (project.isError)
    return <Failed what="The project could not be read" error={project.error} onRetry={() => void project.refetch()} />;
  const seesAudit = isOwner || project.data?.role === "manager";
  const away = () => void navigate(paths.projects, { replace: true });
  return (
    <div className="page narrow">
      <div className="page-head">
        <div>
          <h1>Members</h1>
          <p className="muted">Who sees this project, and what they may do in it.</p>
        </div>
        {seesAudit && (
          <Link className="button" to={paths.audit(id)}>
            What was done
          </Link>
        )}
        {isOwner && (
          <button type="button" className="button primary" onClick={() => setInviting(true)}>
            <Icon name="plus" /> Invite
          </button>
        )}
      </div>
      {project.isPending ? (
        <Skeleton label="Loading members…" height={52} rows={3} gap={1} />
      ) : (
        <>
          <MemberList project={id} me={session.data?.user?.id ?? null} isOwner={isOwner} onLeft={away} />
          {isOwner && listed && (
            <>
              <section className="panel card" aria-labelledby="invitations">
                <h2 id="invitations">Open invitations</h2>
                <Invitations project={id} />
              </section>
              <WebhooksPanel project={id} />
              <section className="panel card" aria-labelledby="settings">
                <h2 id="settings">Project</h2>
                <ProjectSettings key={project.data.name} project={project.data} onDeleted={away} />
              </section>
            </>
          )}
        </>
      )}
      {inviting && <InviteDialog project={id} onClose={() => setInviting(false)} />}
    </div>
  );
}
