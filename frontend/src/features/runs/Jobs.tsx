import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Icon } from "../../components/Icon";
import { Popover } from "../../components/Popover";
import { Progress } from "../../components/Progress";
import { activeStagesQuery } from "./queries";
import { stageTitle, STAGE_WORDS } from "./stages";
import "./runs.css";

/** What works for this project right now, from anywhere in it. */
export function Jobs({ project }: { project: number }) {
  const stages = useQuery(activeStagesQuery(project));
  const active = stages.data ?? [];
  const running = active.filter((stage) => stage.status === "running").length;
  const label = running > 0 ? `Jobs ${running} running` : "Jobs";
  return (
    <Popover
      label={label}
      className="button quiet jobs-button"
      panelClassName="jobs"
      trigger={
        <>
          <Icon name="jobs" />
          <span className="word">Jobs</span>{" "}
          {running > 0 && <span className="count">{running}</span>}
        </>
      }
    >
      {(close) => (
        <>
          {stages.isPending && <p className="menu-note muted">Loading…</p>}
          {stages.isError && (
            <p className="menu-note bad" role="alert">
              {stages.error.message}{" "}
              <button type="button" className="link-button" onClick={() => void stages.refetch()}>
                Try again
              </button>
            </p>
          )}
          {stages.data && active.length === 0 && (
            <p className="menu-note muted">Nothing is running. Uploads and runs show here while they are worked on.</p>
          )}
          <ul>
            {active.map((stage) => (
              <li key={stage.id} className="job">
                <span className="row">
                  <span className="strong">{stageTitle(stage.stage)}</span>
                  <span className="muted clip-text">{stage.video_title ?? "whole run"}</span>
                  {stage.run !== null && (
                    <Link className="push small one-line" to={`/projects/${project}/runs/${stage.run}`} onClick={close}>
                      run {stage.run_number}
                    </Link>
                  )}
                </span>
                {stage.status === "running" ? (
                  <>
                    <span className="row small muted">
                      <span className="clip-text">{stage.message || "running"}</span>
                      <span className="push">{Math.floor(stage.progress * 100)} %</span>
                    </span>
                    <Progress value={stage.progress} label={`${stageTitle(stage.stage)} ${stage.video_title ?? ""}`} />
                  </>
                ) : (
                  <span className="small muted">{STAGE_WORDS[stage.status]}</span>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </Popover>
  );
}
