import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { ApiError } from "../../api/errors";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { isBusy, STATUS_WORDS } from "../../features/videos/facts";
import { videoQuery } from "../../features/videos/queries";
import { paths } from "../../lib/paths";
import { NotFound } from "./NotFound";
import "./routes.css";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";
import { Workbench } from "./workbench/Workbench";

export function WorkbenchRoute() {
  const project = useIdParam("project");
  const id = useIdParam("video");
  const video = useQuery(videoQuery(id));
  useTitle(video.data?.title);

  if (video.isPending)
    return (
      <div className="page">
        <Skeleton label="Loading the video…" height={420} />
      </div>
    );
  if (video.isError)
    return video.error instanceof ApiError && video.error.status === 404 ? (
      <NotFound />
    ) : (
      <Failed what="The video could not be read" error={video.error} onRetry={() => void video.refetch()} />
    );
  if (video.data.browser_url === null || video.data.duration_s === null)
    return (
      <Empty
        title={isBusy(video.data) ? "Not ready to play yet" : "This video cannot be played"}
        icon="videos"
        actions={
          <Link className="button" to={paths.videos(project)}>
            Back to the videos
          </Link>
        }
      >
        {isBusy(video.data) ? `It is ${STATUS_WORDS[video.data.status]}.` : (video.data.reason ?? "It has no preview.")}
      </Empty>
    );
  return <Workbench key={id} project={project} video={video.data} source={video.data.browser_url} durationS={video.data.duration_s} />;
}
