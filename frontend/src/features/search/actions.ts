import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

/** The project's vocabulary, to filter by. */
export const actionsQuery = (project: number) =>
  queryOptions({
    queryKey: ["actions", "search", project],
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/actions/", { params: { path: { id: project } }, signal })),
  });
