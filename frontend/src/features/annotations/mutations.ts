import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { annotationKeys } from "./queries";

/** A file of annotations, whichever of the formats the server reads. */
export function useImportAnnotations(video: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, tier = "", overlapping = false }: { file: File; tier?: string; overlapping?: boolean }) =>
      unwrap(
        api.POST("/api/videos/{id}/annotations/", {
          params: { path: { id: video } },
          body: { file: "", name: file.name.slice(0, 120), tier, overlapping },
          bodySerializer: ({ name }) => {
            const form = new FormData();
            form.set("file", file);
            form.set("name", name);
            if (tier) form.set("tier", tier);
            if (overlapping) form.set("overlapping", "true");
            return form;
          },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: annotationKeys.ofVideo(video) }),
  });
}

export function useRemoveAnnotations(video: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => unwrap(api.DELETE("/api/annotations/{id}/", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: annotationKeys.ofVideo(video) }),
  });
}
