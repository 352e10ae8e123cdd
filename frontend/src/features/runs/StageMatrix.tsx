import { useQuery } from "@tanstack/react-query";
import type { Stage } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { Progress } from "../../components/Progress";
import { stagesQuery } from "./queries";
import { arrange, stageTitle, stageWords } from "./stages";
import "./runs.css";

/** Where every video is in the chain. Every cell says the same in words as in its drawing. */
export function StageMatrix({ run }: { run: number }) {
  const stages = useQuery(stagesQuery(run));

  if (stages.isPending) return <Skeleton label="Loading stages…" height={32} rows={6} gap={4} />;
  if (stages.isError) return <Failed what="The stages could not be read" error={stages.error} onRetry={() => void stages.refetch()} />;
  if (stages.data.length === 0)
    return (
      <Empty small title="Not laid out yet">
        The stages appear as soon as a worker has taken the run.
      </Empty>
    );

  const { runStages, columns, lines } = arrange(stages.data);
  const notable = stages.data.filter((stage) => stage.status === "running" || stage.status === "failed");
  return (
    <div className="stack">
      <div className="panel matrix-panel">
        <table className="matrix">
          <caption className="visually-hidden">Stages of the run</caption>
          <thead>
            <tr>
              <th scope="col">Video</th>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {stageTitle(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.video}>
                <th scope="row">
                  <span className="clip-text">{line.title}</span>
                </th>
                {columns.map((name) => (
                  <StageCell key={name} stage={line.byStage.get(name)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {runStages.length > 0 && (
          <ul className="run-stages" aria-label="Stages of the whole run">
            {runStages.map((stage) => (
              <li key={stage.id} title={stageWords(stage)}>
                <StageMark stage={stage} />
                <span>{stageTitle(stage.stage)}</span>
                {stage.reused && <span className="badge">reused</span>}
                <span className="visually-hidden">{stageWords(stage)}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      {notable.length > 0 && (
        <ul className="notable" aria-label="Running and failed stages">
          {notable.map((stage) => (
            <NotableStage key={stage.id} stage={stage} />
          ))}
        </ul>
      )}
    </div>
  );
}

function StageCell({ stage }: { stage: Stage | undefined }) {
  if (!stage) return <td className="muted">–</td>;
  return (
    <td title={stageWords(stage)}>
      <StageMark stage={stage} />
      {stage.reused && <span className="reused">reused</span>}
      <span className="visually-hidden">{stageWords(stage)}</span>
    </td>
  );
}

function StageMark({ stage }: { stage: Stage }) {
  switch (stage.status) {
    case "running":
      return (
        <span className="mark running" aria-hidden="true">
          <span className="fill" style={{ transform: `scaleX(${Math.max(0.04, stage.progress)})` }} />
          <span className="percent">{Math.floor(stage.progress * 100)} %</span>
        </span>
      );
    case "done":
      return (
        <span className="mark done">
          <Icon name="check" size={14} />
        </span>
      );
    case "failed":
      return (
        <span className="mark failed">
          <Icon name="warning" size={14} />
        </span>
      );
    case "queued":
      return <span className="mark queued" aria-hidden="true" />;
    default:
      return <span className={`mark ${stage.status}`} aria-hidden="true" />;
  }
}

function NotableStage({ stage }: { stage: Stage }) {
  const failed = stage.status === "failed";
  return (
    <li className={failed ? "notice bad" : "notice"}>
      <Icon name={failed ? "warning" : "clock"} />
      <div className="notable-words">
        <p>
          <span className="strong">{stageTitle(stage.stage)}</span>
          {stage.video_title && <span className="muted"> · {stage.video_title}</span>}
          {stage.attempt > 1 && <span className="muted"> · attempt {stage.attempt}</span>}
          {stage.worker && <span className="muted"> · {stage.worker}</span>}
        </p>
        <p className={failed ? "" : "muted"}>{failed ? (stage.reason || "It failed; the reason is in the server’s log.") : stage.message || "running"}</p>
        {!failed && <Progress value={stage.progress} label={stageWords(stage)} />}
      </div>
    </li>
  );
}
