import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { ActionEdit, Group, SurgeryDone } from "../../api/types";

/** What people do to a run's groups. Each is one step of the history. */
export type Surgery =
  | { kind: "name"; group: Group; name: string }
  | { kind: "merge"; groups: string[]; into: string }
  | { kind: "split"; group: string }
  | { kind: "move"; segments: number[]; to: string; name?: string }
  | { kind: "carry"; source: number; clusters: { cluster: number; action: number }[] }
  | { kind: "undo" | "redo"; change?: number };

function send(project: number, run: number, step: Surgery): Promise<SurgeryDone> {
  const path = { id: run };
  switch (step.kind) {
    case "name": {
      const { action, key, name: was } = step.group;
      if (action) return unwrap(api.PATCH("/api/actions/{id}/", { params: { path: { id: action.id } }, body: { name: step.name, expected: { name: was } } }));
      return unwrap(api.POST("/api/runs/{id}/groups/name/", { params: { path }, body: { cluster: Number(key.split(":")[1]), name: step.name } }));
    }
    case "merge":
      return unwrap(api.POST("/api/runs/{id}/groups/merge/", { params: { path }, body: { groups: step.groups, into: step.into } }));
    case "split":
      return unwrap(api.POST("/api/runs/{id}/groups/split/", { params: { path }, body: { group: step.group } }));
    case "move":
      return unwrap(api.POST("/api/runs/{id}/groups/move/", { params: { path }, body: { segments: step.segments, to: step.to, name: step.name } }));
    case "carry":
      return unwrap(api.POST("/api/runs/{id}/carry-over/", { params: { path }, body: { source: step.source, clusters: step.clusters } }));
    case "undo":
      return unwrap(api.POST("/api/projects/{id}/vocabulary/undo/", { params: { path: { id: project } }, body: { change: step.change } }));
    case "redo":
      return unwrap(api.POST("/api/projects/{id}/vocabulary/redo/", { params: { path: { id: project } }, body: { change: step.change } }));
  }
}

const TOUCHED = new Set(["actions", "clusters", "segments"]);

export function useSurgery(project: number, run: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (step: Surgery) => send(project, run, step),
    // A refusal too: what it was refused for is what this page has not seen yet.
    onSettled: () => client.invalidateQueries({ predicate: ({ queryKey }) => TOUCHED.has(String(queryKey[0])) }),
  });
}

/** Changes fields of an action, if they still hold what the person saw. */
export function useEditAction(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationKey: ["actions", "edit", project],
    mutationFn: ({ action, values, expected }: { action: number; values: ActionEdit; expected: ActionEdit }) =>
      unwrap(api.PATCH("/api/actions/{id}/", { params: { path: { id: action } }, body: { ...values, expected } })),
    onSettled: () => client.invalidateQueries({ predicate: ({ queryKey }) => TOUCHED.has(String(queryKey[0])) }),
  });
}
