import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { Role } from "../../api/types";
import { AskFirst } from "../../components/AskFirst";
import { CopyField } from "../../components/CopyField";
import { Dialog } from "../../components/Dialog";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { Refusal } from "../../components/Refusal";
import { TextField } from "../../components/TextField";
import { useInvite, useRevokeInvitation } from "./mutations";
import { invitationsQuery } from "./queries";
import { ROLES } from "./roles";

export function Invitations({ project }: { project: number }) {
  const invitations = useQuery(invitationsQuery(project));
  const revoke = useRevokeInvitation(project);

  if (invitations.isPending) return <Skeleton label="Loading invitations…" height={52} />;
  if (invitations.isError)
    return <Failed small what="The invitations could not be read" error={invitations.error} onRetry={() => void invitations.refetch()} />;
  if (invitations.data.length === 0)
    return (
      <Empty small title="No open invitations">
        A link lets one person in, once.
      </Empty>
    );
  return (
    <>
      <Refusal error={revoke.error} />
      <ul className="people" aria-label="Open invitations">
        {invitations.data.map((invitation) => (
          <li key={invitation.id}>
            <span className="who">
              <span className="strong clip-text">{invitation.note || `A ${invitation.role}`}</span>
              <span className="facts small">
                <span>by {invitation.invited_by}</span>
                <span>until {invitation.expires_at.slice(0, 10)}</span>
              </span>
            </span>
            <span className="badge">{invitation.role}</span>
            <AskFirst
              label={`Take back the invitation ${invitation.note}`.trim()}
              trigger="Take back"
              what="Its link lets nobody in from then on."
              yes="Take it back"
              pending={revoke.isPending}
              onYes={() => revoke.mutate(invitation.id)}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

export function InviteDialog({ project, onClose }: { project: number; onClose: () => void }) {
  const [role, setRole] = useState<Role>("reviewer");
  const [note, setNote] = useState("");
  const [days, setDays] = useState("7");
  const invite = useInvite(project);

  function submit(event: FormEvent) {
    event.preventDefault();
    invite.mutate({ role, note: note.trim(), days: Number(days) });
  }

  if (invite.data)
    return (
      <Dialog title="The invitation" onClose={onClose}>
        <div className="body">
          <p>Send this link to one person. It works once, and is not shown again.</p>
          <CopyField label="Link" value={window.location.origin + invite.data.path} />
        </div>
        <footer>
          <button type="button" className="button primary" onClick={onClose}>
            Done
          </button>
        </footer>
      </Dialog>
    );
  return (
    <Dialog title="Invite" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="body">
          <div className="field">
            <label htmlFor="invite-role">As</label>
            <select id="invite-role" className="select" value={role} onChange={(event) => setRole(event.target.value as Role)}>
              {ROLES.map((one) => (
                <option key={one.role} value={one.role}>
                  {one.role} – {one.means}
                </option>
              ))}
            </select>
          </div>
          <TextField label="For whom, if you like" hint="Only owners see this." maxLength={200} value={note} onChange={setNote} />
          <div className="field">
            <label htmlFor="invite-days">The link ends after</label>
            <select id="invite-days" className="select" value={days} onChange={(event) => setDays(event.target.value)}>
              <option value="1">a day</option>
              <option value="7">a week</option>
              <option value="30">30 days</option>
            </select>
          </div>
          <Refusal error={invite.error} />
        </div>
        <footer>
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={invite.isPending}>
            Make link
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
