import type { Stage } from "../../api/types";
import { Progress } from "../../components/Progress";
import { stageTitle } from "./stages";

/** What is being done to one video, for its row. */
export function VideoActivity({ stages, title }: { stages: readonly Stage[]; title: string }) {
  const stage = stages.find((candidate) => candidate.status === "running") ?? stages.find((candidate) => candidate.status === "queued");
  if (!stage) return null;
  const words = stage.status === "running" ? stage.message || "running" : "queued";
  return (
    <div className="doing">
      <span className="row small muted">
        <span>{stageTitle(stage.stage)}</span>
        <span className="clip-text">{words}</span>
        {stage.status === "running" && <span className="push">{Math.floor(stage.progress * 100)} %</span>}
      </span>
      <Progress value={stage.status === "running" ? stage.progress : 0} label={`${stageTitle(stage.stage)}: ${title}`} />
    </div>
  );
}
