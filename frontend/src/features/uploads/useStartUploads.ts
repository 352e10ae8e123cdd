import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useUploadQueue } from "./context";
import { unfinishedQuery } from "./queries";

/** Queues files, after asking the server which of them it already holds a part of. */
export function useStartUploads(project: number): (files: File[]) => void {
  const queue = useUploadQueue();
  const client = useQueryClient();
  return useCallback(
    (files) => {
      if (files.length === 0) return;
      void client
        .fetchQuery({ ...unfinishedQuery(project), staleTime: 0 })
        // Without the list the files start afresh; the queue then tells what is wrong with the server.
        .catch(() => [])
        .then((unfinished) => queue.add(project, files, unfinished));
    },
    [client, project, queue],
  );
}
