import type { Delivery, WebhookEvent } from "./queries";

/** What is told, in words. */
export const EVENT_WORDS: Record<Delivery["event"], string> = {
  "run.finished": "run over",
  "review.done": "reviewer done",
  "export.ready": "export ready",
  "webhook.test": "test",
};

export const EVENTS: WebhookEvent[] = ["run.finished", "review.done", "export.ready"];
