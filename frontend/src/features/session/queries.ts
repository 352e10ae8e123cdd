import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const sessionKey = ["session"] as const;

/** Who is signed in, if anyone. The answer also sets the token that writes need. */
export const sessionQuery = queryOptions({
  queryKey: sessionKey,
  queryFn: ({ signal }) => unwrap(api.GET("/api/session/", { signal })),
  staleTime: 5 * 60_000,
});
