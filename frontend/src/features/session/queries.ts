import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const sessionKey = ["session"] as const;

/** Who is signed in, if anyone. The answer also sets the token that writes need. */
export const sessionQuery = queryOptions({
  queryKey: sessionKey,
  queryFn: ({ signal }) => unwrap(api.GET("/api/session/", { signal })),
  staleTime: 5 * 60_000,
});

export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ["invitation", token],
    queryFn: ({ signal }) => unwrap(api.GET("/api/invitations/{token}/", { params: { path: { token } }, signal })),
    retry: false,
  });

/** Whose password a link resets. */
export const resetQuery = (key: string) =>
  queryOptions({
    queryKey: ["reset", key],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/auth/password/reset/", { params: { header: { "X-Password-Reset-Key": key } }, signal })),
    retry: false,
    staleTime: Infinity,
  });
