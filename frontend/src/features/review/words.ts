import type { ReviewQueues } from "../../api/types";
import type { Queue } from "./queries";

export type QueueFacts = ReviewQueues["queues"][number];

export const QUALITIES = [
  { key: "q", value: 0, word: "unusable" },
  { key: "w", value: 1, word: "low" },
  { key: "e", value: 2, word: "acceptable" },
  { key: "r", value: 3, word: "high" },
] as const;

export const CONFIDENCES = [
  { key: "a", value: 0, word: "low" },
  { key: "s", value: 1, word: "medium" },
  { key: "d", value: 2, word: "high" },
] as const;

const NAMES: Record<string, string> = {
  assigned: "Assigned to me",
  disagreement: "Rated apart by others",
  edge: "At a cluster’s edge",
  threshold: "Nearest a threshold",
};

export const queueName = (facts: QueueFacts): string => (facts.set === null ? (NAMES[facts.name] ?? facts.name) : facts.name);

export const queueOf = (facts: QueueFacts): Queue => (facts.set === null ? ({ queue: facts.name } as Queue) : { set: facts.set });

/** Why a queue has nothing, and what would fill it. */
export function whyEmpty(facts: QueueFacts): { title: string; words: string } {
  if (facts.set !== null) return { title: "Nothing in this set is left", words: "Its primitives are gone, or you have judged them all." };
  if (!facts.measured)
    return {
      title: "Not measured for this run",
      words:
        facts.name === "edge"
          ? "How near a primitive is to the edge of its cluster is measured when a run is clustered. Choose another k on the Actions page, or start a new run, to have it here."
          : "How nearly a primitive would have been cut otherwise is measured when a run cuts its videos. Runs of earlier versions and runs cut by hand have no such figure; start a new run to have it here.",
    };
  switch (facts.name) {
    case "assigned":
      return { title: "Nothing is assigned to you in this run", words: "A manager gives out primitives on the team’s review page. Until then the other queues are open to you." };
    case "disagreement":
      return { title: "Nobody disagrees here", words: "A primitive comes here once two others have judged it differently and you have not judged it yet." };
    default:
      return { title: "Nothing to judge in this run", words: "A run that has found primitives fills this queue." };
  }
}
