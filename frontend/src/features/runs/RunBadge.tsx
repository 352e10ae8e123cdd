import type { Run } from "../../api/types";

const WORDS: Record<Run["status"], string> = {
  queued: "queued",
  running: "running",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
};

export const isActiveRun = (run: Pick<Run, "status">): boolean => run.status === "queued" || run.status === "running";

export function RunBadge({ run }: { run: Pick<Run, "status"> }) {
  const tone = isActiveRun(run) ? "active" : run.status === "failed" ? "bad" : run.status === "done" ? "done" : "";
  return <span className={`badge ${tone}`}>{WORDS[run.status]}</span>;
}
