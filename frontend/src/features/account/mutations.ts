import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap, type Schemas } from "../../api/client";
import { accountKeys } from "./queries";

export function useRenameMe() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (display_name: string) => unwrap(api.PATCH("/api/account/", { body: { display_name } })),
    onSuccess: (account) => {
      client.setQueryData(accountKeys.me, account);
      void client.invalidateQueries({ queryKey: ["session"] });
    },
  });
}

export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["PasswordChange"]) => unwrap(api.POST("/api/auth/password/change/", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: accountKeys.me }),
  });
}

export function useMakeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["MakeToken"]) => unwrap(api.POST("/api/tokens/", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: accountKeys.tokens }),
  });
}

export function useRevokeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => unwrap(api.DELETE("/api/tokens/{id}/", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: accountKeys.tokens }),
  });
}
