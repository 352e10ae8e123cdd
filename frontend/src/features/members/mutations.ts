import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap, type Schemas } from "../../api/client";
import type { Role } from "../../api/types";
import { memberKeys } from "./queries";

function useThenReload(project: number) {
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: memberKeys.ofProject(project) }),
      client.invalidateQueries({ queryKey: ["projects"] }),
    ]);
}

export function useChangeRole(project: number) {
  const onSuccess = useThenReload(project);
  return useMutation({
    mutationFn: ({ user, role }: { user: number; role: Role }) =>
      unwrap(api.PATCH("/api/projects/{id}/members/{user}/", { params: { path: { id: project, user } }, body: { role } })),
    onSuccess,
  });
}

export function useRemoveMember(project: number) {
  const onSuccess = useThenReload(project);
  return useMutation({
    mutationFn: (user: number) =>
      unwrap(api.DELETE("/api/projects/{id}/members/{user}/", { params: { path: { id: project, user } } })),
    onSuccess,
  });
}

export function useInvite(project: number) {
  const onSuccess = useThenReload(project);
  return useMutation({
    mutationFn: (body: Schemas["Invite"]) =>
      unwrap(api.POST("/api/projects/{id}/invitations/", { params: { path: { id: project } }, body })),
    onSuccess,
  });
}

export function useRevokeInvitation(project: number) {
  const onSuccess = useThenReload(project);
  return useMutation({
    mutationFn: (invitation: number) =>
      unwrap(api.DELETE("/api/projects/{id}/invitations/{invitation}/", { params: { path: { id: project, invitation } } })),
    onSuccess,
  });
}

export function useChangeProject(project: number) {
  const onSuccess = useThenReload(project);
  return useMutation({
    mutationFn: (body: Schemas["PatchedProjectChange"]) =>
      unwrap(api.PATCH("/api/projects/{id}/", { params: { path: { id: project } }, body })),
    onSuccess,
  });
}

export function useDeleteProject(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      unwrap(api.POST("/api/projects/{id}/delete/", { params: { path: { id: project } }, body: { name } })),
    // What was read of it is no longer anywhere.
    onSuccess: () => client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" && queryKey[0] !== "projects" }),
  });
}
