import type { Role } from "../../api/types";

/** What a member may do, each including what comes before it. */
export const ROLES: readonly { role: Role; means: string }[] = [
  { role: "viewer", means: "sees everything" },
  { role: "reviewer", means: "reviews and comments" },
  { role: "manager", means: "uploads, runs, edits the vocabulary, exports" },
  { role: "owner", means: "invites, changes roles, deletes the project" },
];
