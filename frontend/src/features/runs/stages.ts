import type { Stage } from "../../api/types";

interface StageKind {
  name: string;
  title: string;
  scope: "video" | "run";
}

/** The chain in its order, in the words people see. A stage the server adds shows under its own name, at the end. */
export const CHAIN: readonly StageKind[] = [
  { name: "track", title: "Track", scope: "video" },
  { name: "train", title: "Train tokenizer", scope: "run" },
  { name: "tokenize", title: "Tokenize", scope: "video" },
  { name: "energy", title: "Energy", scope: "video" },
  { name: "calibrate", title: "Calibrate", scope: "run" },
  { name: "segment", title: "Segment", scope: "video" },
  { name: "clips", title: "Clips", scope: "video" },
  { name: "embed", title: "Embed", scope: "video" },
  { name: "cluster", title: "Cluster", scope: "run" },
  { name: "umap", title: "UMAP", scope: "run" },
  { name: "visual", title: "Look", scope: "video" },
  { name: "coherence", title: "Coherence", scope: "run" },
];

const INGEST: Record<string, string> = { probe: "Check", preview: "Preview" };

export const stageTitle = (name: string): string =>
  CHAIN.find((kind) => kind.name === name)?.title ?? INGEST[name] ?? name;

const order = (name: string): number => {
  const position = CHAIN.findIndex((kind) => kind.name === name);
  return position < 0 ? CHAIN.length : position;
};

export interface VideoLine {
  video: number;
  title: string;
  byStage: Map<string, Stage>;
}

export interface Chain {
  /** Stages of the whole run, in order. */
  runStages: Stage[];
  /** Columns of the table: the stages each video passes, in order. */
  columns: string[];
  lines: VideoLine[];
}

export function arrange(stages: readonly Stage[]): Chain {
  const runStages: Stage[] = [];
  const columns = new Set<string>();
  const lines = new Map<number, VideoLine>();
  for (const stage of stages) {
    if (stage.video === null) {
      runStages.push(stage);
      continue;
    }
    columns.add(stage.stage);
    let line = lines.get(stage.video);
    if (!line) {
      line = { video: stage.video, title: stage.video_title ?? `Video ${stage.video}`, byStage: new Map() };
      lines.set(stage.video, line);
    }
    line.byStage.set(stage.stage, stage);
  }
  const byOrder = (a: string, b: string) => order(a) - order(b) || a.localeCompare(b);
  return {
    runStages: runStages.sort((a, b) => byOrder(a.stage, b.stage)),
    columns: [...columns].sort(byOrder),
    lines: [...lines.values()],
  };
}

export const STAGE_WORDS: Record<Stage["status"], string> = {
  waiting: "waits for what comes before",
  queued: "queued",
  running: "running",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
  skipped: "skipped",
};

/** One line that says all: "Track: running, 71 %, window 120 of 170". */
export function stageWords(stage: Stage): string {
  const parts = [`${stageTitle(stage.stage)}: ${stage.status === "done" && stage.reused ? "reused from an earlier run" : STAGE_WORDS[stage.status]}`];
  if (stage.status === "running") parts.push(`${Math.floor(stage.progress * 100)} %`);
  if (stage.status === "running" && stage.message) parts.push(stage.message);
  if (stage.reason) parts.push(stage.reason);
  if (stage.attempt > 1) parts.push(`attempt ${stage.attempt}`);
  return parts.join(", ");
}
