import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearchParams } from "react-router";
import { ApiError } from "../../api/errors";
import type { Stage } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Skeleton } from "../../components/PanelState";
import { projectQuery } from "../../features/projects/queries";
import { DiscoverDialog } from "../../features/runs/DiscoverDialog";
import { activeStagesQuery } from "../../features/runs/queries";
import { VideoActivity } from "../../features/runs/VideoActivity";
import { DropZone } from "../../features/uploads/DropZone";
import { UploadList } from "../../features/uploads/UploadList";
import { videosQuery } from "../../features/videos/queries";
import { VideoList } from "../../features/videos/VideoList";
import { paths } from "../../lib/paths";
import { usePatchSearch } from "../../lib/search";
import { formatSpan } from "../../lib/time";
import { plural } from "../../lib/words";
import { NotFound } from "./NotFound";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** What is being done to a video: its own stage, or the stage of the whole run that it waits for. */
function workOn(video: number, stages: readonly Stage[]): Stage[] {
  const under = stages.filter((stage) => stage.status === "running" || stage.status === "queued");
  const own = under.filter((stage) => stage.video === video);
  const waiting = stages.find((stage) => stage.video === video && stage.status === "waiting");
  return own.length > 0 || !waiting ? own : under.filter((stage) => stage.video === null && stage.run === waiting.run);
}

const MANAGES = new Set(["manager", "owner"]);

export function VideosRoute() {
  const id = useIdParam("project");
  const project = useQuery(projectQuery(id));
  const videos = useQuery(videosQuery(id));
  const stages = useQuery(activeStagesQuery(id));
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  const navigate = useNavigate();
  useTitle(project.data?.name);

  if (project.error instanceof ApiError && project.error.status === 404) return <NotFound />;

  const ready = videos.data?.filter((video) => video.status === "ready") ?? [];
  const seconds = videos.data?.reduce((sum, video) => sum + (video.duration_s ?? 0), 0) ?? 0;
  const running = new Set(stages.data?.filter((stage) => stage.status === "running").map((stage) => stage.video ?? -1)).size;
  const mayManage = project.data !== undefined && MANAGES.has(project.data.role);
  const discovering = params.get("discover") === "1";
  const setDiscovering = (open: boolean) =>
    patchSearch((next) => (open ? next.set("discover", "1") : next.delete("discover")), { push: open });

  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1 className="row">
            {project.data?.name ?? "…"} {project.data?.synthetic && <span className="badge">synthetic</span>}
          </h1>
          <p className="muted">
            {videos.data
              ? [plural(videos.data.length, "video"), formatSpan(seconds), running > 0 ? `${running} being worked on` : null]
                  .filter(Boolean)
                  .join(" · ")
              : "…"}
          </p>
        </div>
        {mayManage && (
          <button
            type="button"
            className="button primary"
            disabled={ready.length === 0}
            title={ready.length === 0 ? "Upload a video first" : "Find the primitives of these videos"}
            onClick={() => setDiscovering(true)}
          >
            <Icon name="runs" /> Discover
          </button>
        )}
      </div>
      {project.isPending && <Skeleton label="Loading the project…" height={58} />}
      {mayManage && <DropZone project={id} />}
      {mayManage && <UploadList project={id} />}
      <VideoList
        project={id}
        mayRemove={mayManage}
        activityOf={(video) => {
          const its = workOn(video, stages.data ?? []);
          return its.length > 0 ? <VideoActivity stages={its} title={videos.data?.find((one) => one.id === video)?.title ?? ""} /> : undefined;
        }}
      />
      {discovering && mayManage && !videos.isPending && (
        <DiscoverDialog
          project={id}
          readyVideos={ready.length}
          onClose={() => setDiscovering(false)}
          onStarted={(run) => void navigate(paths.run(id, run.id), { replace: true })}
        />
      )}
    </div>
  );
}
