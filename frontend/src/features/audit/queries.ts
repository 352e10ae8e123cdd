import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export interface AuditFilter {
  kind: string | null;
  by: number | null;
}

export const auditKeys = {
  all: ["audit"] as const,
  page: (project: number, filter: AuditFilter) => ["audit", project, filter] as const,
  choices: (project: number) => ["audit", project, "choices"] as const,
};

const asked = ({ kind, by }: AuditFilter) => ({ kind: kind ?? undefined, by: by ?? undefined });

export const auditQuery = (project: number, filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: auditKeys.page(project, filter),
    queryFn: ({ pageParam, signal }) =>
      unwrap(api.GET("/api/projects/{id}/audit/", { params: { path: { id: project }, query: { ...asked(filter), cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });

/** Kinds and people that occur in the log. */
export const auditChoicesQuery = (project: number) =>
  queryOptions({
    queryKey: auditKeys.choices(project),
    queryFn: ({ signal }) => unwrap(api.GET("/api/projects/{id}/audit/choices/", { params: { path: { id: project } }, signal })),
  });

export function tableAddress(project: number, { kind, by }: AuditFilter): string {
  const query = new URLSearchParams();
  if (kind !== null) query.set("kind", kind);
  if (by !== null) query.set("by", String(by));
  const text = query.toString();
  return `/api/projects/${project}/audit/table/${text ? `?${text}` : ""}`;
}
