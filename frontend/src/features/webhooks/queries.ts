import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/client";

export type Webhook = Schemas["Webhook"];
export type Delivery = Schemas["Delivery"];
export type WebhookEvent = Schemas["WebhookEvent"];

export const webhookKeys = {
  all: ["webhooks"] as const,
  ofProject: (project: number) => ["webhooks", "project", project] as const,
  deliveries: (id: number) => ["webhooks", "deliveries", id] as const,
};

const STILL_TRIED_MS = 3000;
const SHOWN = 10;

/** The addresses a project tells; only its owners may ask. */
export const webhooksQuery = (project: number) =>
  queryOptions({
    queryKey: webhookKeys.ofProject(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/webhooks/", { params: { path: { id: project } }, signal })),
  });

/** The newest of what was told to one address; asked again while something is still on its way. */
export const deliveriesQuery = (id: number) =>
  queryOptions({
    queryKey: webhookKeys.deliveries(id),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/webhooks/{id}/deliveries/", { params: { path: { id }, query: { limit: SHOWN } }, signal })),
    refetchInterval: (query) => (query.state.data?.results.some((one) => one.status === "waiting") ? STILL_TRIED_MS : false),
  });
