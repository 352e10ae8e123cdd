import { useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { DatasetExport, Run, Stage, Video } from "../api/types";
import { actionKeys } from "../features/actions/queries";
import { agreementKeys } from "../features/agreement/queries";
import { clusterKeys } from "../features/clusters/queries";
import { coherenceKeys } from "../features/coherence/queries";
import { commentKeys } from "../features/comments/queries";
import { memberKeys } from "../features/members/queries";
import { exportKeys } from "../features/exports/queries";
import { projectKeys } from "../features/projects/queries";
import { runKeys } from "../features/runs/queries";
import { segmentKeys } from "../features/segments/queries";
import { setKeys } from "../features/selection/queries";
import { uploadKeys } from "../features/uploads/queries";
import { versionKeys } from "../features/versions/queries";
import { videoKeys } from "../features/videos/queries";

/** What the server says happened. */
export interface Change {
  kind: "video" | "stage" | "run" | "upload" | "vocabulary" | "versions" | "example" | "member" | "project" | "reviews" | "comments" | "exports" | "set";
  id: number | string;
  project: number;
  run: number | null;
  video: number | null;
  stage: string | null;
  status: string;
  /** Absent where only the status is said. */
  progress?: number | null;
  message?: string | null;
}

const THROTTLE_MS = 700;
const POLL_MS = 5000;
/** Fifty reviewers say something a dozen times a second; their pages ask for the figures once in so long. */
const REVIEWS_MS = 5000;

/** Puts the new numbers into what is on screen at once, without asking the server. True when nothing else can have changed. */
export function patch(client: QueryClient, change: Change): boolean {
  const progress = change.progress;
  if (progress === null || progress === undefined) return false;
  let known = false;
  const stages = (list: Stage[] | undefined) =>
    list?.map((stage) => {
      if (stage.id !== change.id || stage.status !== change.status) return stage;
      known = true;
      return { ...stage, progress, message: change.message ?? stage.message };
    });
  if (change.kind === "stage") {
    client.setQueryData<Stage[]>(runKeys.activeStages(change.project), stages);
    if (change.run !== null) client.setQueryData<Stage[]>(runKeys.stages(change.run), stages);
    return known;
  }
  if (change.kind === "run") {
    const one = (run: Run | undefined) => {
      if (!run || run.id !== change.id || run.status !== change.status) return run;
      known = true;
      return { ...run, progress, message: change.message ?? run.message };
    };
    client.setQueryData<Run>(runKeys.one(Number(change.id)), one);
    client.setQueryData<Run[]>(runKeys.ofProject(change.project), (runs) => runs?.map((run) => one(run) ?? run));
    return known;
  }
  if (change.kind === "video") {
    client.setQueryData<Video[]>(videoKeys.ofProject(change.project), (videos) =>
      videos?.map((video) => {
        if (video.id !== change.id || video.status !== change.status) return video;
        known = true;
        return { ...video, progress };
      }),
    );
    return known && change.status !== "ready";
  }
  if (change.kind === "exports") {
    client.setQueryData<DatasetExport[]>(exportKeys.ofProject(change.project), (rows) =>
      rows?.map((row) => {
        if (row.id !== change.id || row.status !== change.status) return row;
        known = true;
        return { ...row, progress, message: change.message ?? row.message };
      }),
    );
    return known && change.status === "running";
  }
  return false;
}

/** What has to be read again after a change. */
export function staleAfter(change: Change): QueryKey[] {
  const keys: QueryKey[] = [];
  switch (change.kind) {
    case "video":
      keys.push(videoKeys.ofProject(change.project), videoKeys.one(Number(change.id)), projectKeys.all);
      break;
    case "vocabulary":
      keys.push(actionKeys.all, clusterKeys.all, segmentKeys.all, agreementKeys.actions(change.project));
      break;
    case "reviews":
      if (change.run !== null) keys.push(agreementKeys.ofRun(change.run));
      break;
    case "comments":
      if (change.video !== null) keys.push(commentKeys.ofVideo(change.video));
      keys.push(commentKeys.mentions, commentKeys.ofSegments);
      break;
    case "versions":
      keys.push(versionKeys.ofProject(change.project));
      break;
    case "example":
      keys.push(["search", "example", String(change.id)]);
      break;
    case "member":
      keys.push(memberKeys.ofProject(change.project), projectKeys.all);
      break;
    case "project":
      keys.push(projectKeys.all);
      break;
    case "exports":
      keys.push(exportKeys.ofProject(change.project), exportKeys.one(String(change.id)));
      break;
    case "set":
      keys.push(setKeys.all);
      break;
    case "upload":
      keys.push(uploadKeys.unfinished(change.project));
      break;
    case "run":
      keys.push(runKeys.ofProject(change.project), runKeys.one(Number(change.id)), runKeys.stages(Number(change.id)), projectKeys.all);
      if (change.status === "done") keys.push(videoKeys.all, clusterKeys.all, actionKeys.all, segmentKeys.all);
      break;
    case "stage":
      keys.push(runKeys.activeStages(change.project));
      if (change.run === null) keys.push(videoKeys.ofProject(change.project));
      else keys.push(runKeys.stages(change.run), runKeys.one(change.run), runKeys.ofProject(change.project));
      if (change.run !== null && change.status === "done") {
        if (change.stage === "cluster" || change.stage === "umap") keys.push(clusterKeys.ofRun(change.run), clusterKeys.map(change.run));
        if (change.stage === "cluster" || change.stage === "coherence") keys.push(actionKeys.all);
        if (change.stage === "coherence") keys.push(clusterKeys.ofRun(change.run), coherenceKeys.ofRun(change.run));
        if (change.stage === "segment" || change.stage === "clips" || change.stage === "cluster") keys.push(segmentKeys.all);
      }
      break;
  }
  return keys;
}

function everythingOf(project: number): QueryKey[] {
  return [projectKeys.all, videoKeys.ofProject(project), runKeys.all, runKeys.activeStages(project), uploadKeys.unfinished(project), clusterKeys.all, actionKeys.all, coherenceKeys.all, versionKeys.ofProject(project), agreementKeys.all, commentKeys.all, exportKeys.all, setKeys.all];
}

/**
 * Keeps a project's screens current: one event stream a project; while it is cut, everything is asked for every five
 * seconds. Returns whether the stream is up.
 */
export function useLiveUpdates(project: number | null): boolean {
  const client = useQueryClient();
  const [live, setLive] = useState(false);

  useEffect(() => {
    if (project === null || typeof EventSource === "undefined") return;
    const stale = new Map<string, QueryKey>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let reviewed = -Infinity;
    let later: ReturnType<typeof setTimeout> | undefined;
    const laterStale = new Map<string, QueryKey>();
    let wasUp = false;

    const flush = () => {
      timer = undefined;
      const keys = [...stale.values()];
      stale.clear();
      for (const queryKey of keys) void client.invalidateQueries({ queryKey });
    };
    const mark = (keys: QueryKey[]) => {
      for (const key of keys) stale.set(JSON.stringify(key), key);
      timer ??= setTimeout(flush, THROTTLE_MS);
    };

    const markLater = (keys: QueryKey[]) => {
      for (const key of keys) laterStale.set(JSON.stringify(key), key);
      later ??= setTimeout(
        () => {
          later = undefined;
          reviewed = Date.now();
          mark([...laterStale.values()]);
          laterStale.clear();
        },
        Math.max(0, reviewed + REVIEWS_MS - Date.now()),
      );
    };

    let source: EventSource | null = null;
    const open = () => {
      source = new EventSource(`/api/projects/${project}/events/`);
      source.addEventListener("open", () => {
        // What happened while it was cut was told to nobody.
        if (wasUp) mark(everythingOf(project));
        wasUp = true;
        setLive(true);
      });
      source.addEventListener("error", () => setLive(false));
      source.addEventListener("change", (event: MessageEvent<string>) => {
        const change = JSON.parse(event.data) as Change;
        if (change.kind === "reviews") markLater(staleAfter(change));
        else if (!patch(client, change)) mark(staleAfter(change));
      });
    };
    const close = () => {
      source?.close();
      source = null;
      setLive(false);
    };
    // A browser allows six connections to one HTTP/1.1 server, over all its tabs: one nobody looks at gives its up.
    const onVisibility = () => {
      if (document.hidden) close();
      else if (!source) open();
    };
    onVisibility();
    document.addEventListener("visibilitychange", onVisibility);
    const poll = setInterval(() => {
      if (source && source.readyState !== EventSource.OPEN) mark(everythingOf(project));
      // Given up by the browser (an answer that was no stream): it does not try again by itself.
      if (source?.readyState === EventSource.CLOSED) {
        close();
        open();
      }
    }, POLL_MS);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      clearInterval(poll);
      clearTimeout(timer);
      clearTimeout(later);
      close();
    };
  }, [client, project]);

  return live;
}
