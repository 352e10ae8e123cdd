import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const uploadKeys = {
  unfinished: (project: number) => ["uploads", project] as const,
};

/** What this user began and did not finish: the server's word, which outlives reloads and restarts. */
export const unfinishedQuery = (project: number) =>
  queryOptions({
    queryKey: uploadKeys.unfinished(project),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/projects/{id}/uploads/", { params: { path: { id: project } }, signal })),
  });
