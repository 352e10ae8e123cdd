import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { projectKeys } from "../features/projects/queries";
import { UploadQueueProvider } from "../features/uploads/context";
import { uploadKeys } from "../features/uploads/queries";
import { UploadQueue } from "../features/uploads/queue";
import { videoKeys } from "../features/videos/queries";

export function Providers({ client, children }: { client: QueryClient; children: ReactNode }) {
  const [queue] = useState(
    () =>
      new UploadQueue({
        onDone: ({ project }) => {
          void client.invalidateQueries({ queryKey: videoKeys.ofProject(project) });
          void client.invalidateQueries({ queryKey: uploadKeys.unfinished(project) });
          void client.invalidateQueries({ queryKey: projectKeys.all });
        },
      }),
  );
  return (
    <QueryClientProvider client={client}>
      <UploadQueueProvider value={queue}>{children}</UploadQueueProvider>
    </QueryClientProvider>
  );
}
