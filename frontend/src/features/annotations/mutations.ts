import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { annotationKeys } from "./queries";

/** A file of annotations, whichever of the formats the server reads. */
export function useImportAnnotations(video: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (file: File) =>
      unwrap(
        api.POST("/api/videos/{id}/annotations/", {
          params: { path: { id: video } },
          body: { file: "", name: file.name.slice(0, 120), tier: "" },
          bodySerializer: ({ name }) => {
            const form = new FormData();
            form.set("file", file);
            form.set("name", name);
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
