import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { webhookKeys, type WebhookEvent } from "./queries";

export function useAddWebhook(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { url: string; events: WebhookEvent[] }) =>
      unwrap(api.POST("/api/projects/{id}/webhooks/", { params: { path: { id: project } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: webhookKeys.ofProject(project) }),
  });
}

export function useSwitchWebhook(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, active }: { id: number; active: boolean }) =>
      unwrap(api.PATCH("/api/webhooks/{id}/", { params: { path: { id } }, body: { active } })),
    onSuccess: () => client.invalidateQueries({ queryKey: webhookKeys.ofProject(project) }),
  });
}

export const useReplaceSecret = () =>
  useMutation({ mutationFn: (id: number) => unwrap(api.POST("/api/webhooks/{id}/secret/", { params: { path: { id } } })) });

export function useRemoveWebhook(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => unwrap(api.DELETE("/api/webhooks/{id}/", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: webhookKeys.ofProject(project) }),
  });
}

export function useTestWebhook() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => unwrap(api.POST("/api/webhooks/{id}/test/", { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: webhookKeys.all }),
  });
}

export function useRedeliver() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.POST("/api/deliveries/{id}/redeliver/", { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: webhookKeys.all }),
  });
}
