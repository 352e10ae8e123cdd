import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { setKeys } from "./queries";

export interface NewSet {
  run: number;
  name: string;
  ids: number[];
  for_review: boolean;
}

export function useSaveSet(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewSet) => unwrap(api.POST("/api/projects/{id}/sets/", { params: { path: { id: project } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: setKeys.ofProject(project) }),
  });
}

export function useRemoveSet(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => unwrap(api.DELETE("/api/sets/{id}/", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: setKeys.ofProject(project) }),
  });
}

/** The file, under the name the server gave it. */
export function useExport(run: number) {
  return useMutation({
    mutationFn: async ({ ids, format, name }: { ids: number[]; format: "csv" | "json"; name: string }) => {
      let disposition = "";
      const file = await unwrap(
        api.POST("/api/runs/{id}/export/", { params: { path: { id: run } }, body: { ids, format, name }, parseAs: "blob" }).then((answer) => {
          disposition = answer.response.headers.get("Content-Disposition") ?? "";
          return answer;
        }),
      );
      save(file, fileName(disposition) ?? `primitives.${format}`);
    },
  });
}

/** Of a Content-Disposition header: `filename*=utf-8''…` or `filename="…"`. */
export function fileName(disposition: string): string | null {
  const coded = /filename\*=utf-8''([^;]+)/i.exec(disposition)?.[1];
  return coded ? decodeURIComponent(coded) : (/filename="([^"]+)"/.exec(disposition)?.[1] ?? null);
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
