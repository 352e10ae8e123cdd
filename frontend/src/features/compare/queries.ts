import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const comparisonQuery = (a: number, b: number, video: number | null) =>
  queryOptions({
    queryKey: ["compare", a, b, video],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/runs/{id}/compare/{other}/", { params: { path: { id: a, other: b }, query: { video: video ?? undefined } }, signal })),
    placeholderData: keepPreviousData,
  });
