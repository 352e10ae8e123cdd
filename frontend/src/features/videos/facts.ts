import type { Video } from "../../api/types";

const SHORT_SIDES = [2160, 1440, 1080, 720, 576, 480, 360, 240];

/** "1080p30" where the size is a usual one, "1000×562 · 29.97 fps" where it is not. */
export function pictureFacts(video: Pick<Video, "width_px" | "height_px" | "fps" | "variable_frame_rate">): string | null {
  const { width_px: width, height_px: height, fps } = video;
  if (width == null || height == null) return null;
  const short = Math.min(width, height);
  const rate = fps == null ? null : Number(fps.toFixed(2)).toString();
  if (SHORT_SIDES.includes(short) && rate !== null && !rate.includes(".") && !video.variable_frame_rate)
    return `${short}p${rate}`;
  const size = `${width}×${height}`;
  if (rate === null) return size;
  return video.variable_frame_rate ? `${size} · about ${rate} fps, variable` : `${size} · ${rate} fps`;
}

export const isBusy = (video: Pick<Video, "status">): boolean =>
  video.status === "uploaded" || video.status === "checking" || video.status === "preparing";

export const STATUS_WORDS: Record<Video["status"], string> = {
  uploaded: "waiting to be checked",
  checking: "checking the file",
  preparing: "preparing the preview",
  ready: "ready",
  failed: "cannot be used",
};
