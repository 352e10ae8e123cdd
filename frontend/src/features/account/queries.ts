import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const accountKeys = { me: ["account"] as const, tokens: ["account", "tokens"] as const };

export const accountQuery = queryOptions({
  queryKey: accountKeys.me,
  queryFn: ({ signal }) => unwrap(api.GET("/api/account/", { signal })),
});

export const tokensQuery = queryOptions({
  queryKey: accountKeys.tokens,
  queryFn: ({ signal }) => unwrap(api.GET("/api/tokens/", { signal })),
});
