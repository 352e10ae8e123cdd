import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Member, Role } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { Failed, Skeleton } from "../../components/PanelState";
import { Refusal } from "../../components/Refusal";
import { useChangeRole, useRemoveMember } from "./mutations";
import { membersQuery } from "./queries";
import { ROLES } from "./roles";
import "./members.css";

interface MemberListProps {
  project: number;
  me: number | null;
  isOwner: boolean;
  onLeft: () => void;
}

export function MemberList({ project, me, isOwner, onLeft }: MemberListProps) {
  const members = useQuery(membersQuery(project));
  const change = useChangeRole(project);
  const [going, setGoing] = useState<Member | null>(null);

  if (members.isPending) return <Skeleton label="Loading members…" height={52} rows={3} gap={1} />;
  if (members.isError)
    return <Failed what="The members could not be read" error={members.error} onRetry={() => void members.refetch()} />;
  return (
    <>
      <Refusal error={change.error} />
      <ul className="people" aria-label="Members">
        {members.data.map((member) => (
          <li key={member.user.id}>
            <span className="who">
              <span className="strong clip-text">
                {member.user.display_name}
                {member.user.id === me && <span className="muted"> (you)</span>}
              </span>
              <span className="facts small">
                <span>{member.user.username}</span>
                <span>since {member.since.slice(0, 10)}</span>
              </span>
            </span>
            {isOwner ? (
              <select
                className="select role"
                aria-label={`Role of ${member.user.display_name}`}
                value={member.role}
                disabled={change.isPending}
                onChange={(event) => change.mutate({ user: member.user.id, role: event.target.value as Role })}
              >
                {ROLES.map(({ role }) => (
                  <option key={role} value={role}>
                    {role}
                  </option>
                ))}
              </select>
            ) : (
              <span className="badge">{member.role}</span>
            )}
            {(isOwner || member.user.id === me) && (
              <button
                type="button"
                className="button small danger"
                aria-label={member.user.id === me ? "Leave this project" : `Remove ${member.user.display_name}`}
                onClick={() => setGoing(member)}
              >
                {member.user.id === me ? "Leave" : "Remove"}
              </button>
            )}
          </li>
        ))}
      </ul>
      {going && (
        <RemoveMember project={project} member={going} isMe={going.user.id === me} onClose={() => setGoing(null)} onLeft={onLeft} />
      )}
    </>
  );
}

interface RemoveMemberProps {
  project: number;
  member: Member;
  isMe: boolean;
  onClose: () => void;
  onLeft: () => void;
}

function RemoveMember({ project, member, isMe, onClose, onLeft }: RemoveMemberProps) {
  const remove = useRemoveMember(project);
  return (
    <Dialog title={isMe ? "Leave this project?" : `Remove ${member.user.display_name}?`} onClose={onClose}>
      <div className="body">
        <p>
          {isMe ? "You no longer see it" : "They no longer see it"}, until somebody invites {isMe ? "you" : "them"} again. What{" "}
          {isMe ? "you" : "they"} did here stays.
        </p>
        <Refusal error={remove.error} />
      </div>
      <footer>
        <button type="button" className="button quiet" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button danger"
          disabled={remove.isPending}
          onClick={() => remove.mutate(member.user.id, { onSuccess: isMe ? onLeft : onClose })}
        >
          {isMe ? "Leave project" : "Remove member"}
        </button>
      </footer>
    </Dialog>
  );
}
