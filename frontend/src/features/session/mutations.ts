import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap, type Schemas } from "../../api/client";
import { sessionKey } from "./queries";

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { username: string; password: string }) => unwrap(api.POST("/api/auth/login/", { body })),
    onSuccess: (session) => client.setQueryData(sessionKey, session),
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/session/")),
    // What was read as this user is nobody else's to see.
    onSuccess: () => {
      client.clear();
      window.location.assign("/signin");
    },
  });
}

/** Leaves the page for the provider's; the server knows the address. */
export function useProvider() {
  return useMutation({
    mutationFn: (body: Schemas["ProviderSignIn"]) => unwrap(api.POST("/api/auth/provider/", { body })),
    onSuccess: ({ url }) => window.location.assign(url),
  });
}

export function useAcceptInvitation(token: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.POST("/api/invitations/{token}/accept/", { params: { path: { token } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["projects"] }),
  });
}

export function useJoin(token: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["NewAccount"]) =>
      unwrap(api.POST("/api/invitations/{token}/join/", { params: { path: { token } }, body })),
    onSuccess: (session) => client.setQueryData(sessionKey, session),
  });
}

export function useAskForReset() {
  return useMutation({
    mutationFn: (email: string) => unwrap(api.POST("/api/auth/password/request/", { body: { email } })),
  });
}

export function useReset(key: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (password: string) => unwrap(api.POST("/api/auth/password/reset/", { body: { key, password } })),
    // The person's sessions have ended, this window's among them.
    onSuccess: () => client.clear(),
  });
}
