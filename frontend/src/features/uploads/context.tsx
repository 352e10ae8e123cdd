import { createContext, useContext, useSyncExternalStore } from "react";
import type { Transfer, UploadQueue } from "./queue";

const QueueContext = createContext<UploadQueue | null>(null);

export const UploadQueueProvider = QueueContext.Provider;

export function useUploadQueue(): UploadQueue {
  const queue = useContext(QueueContext);
  if (!queue) throw new Error("no upload queue above this component");
  return queue;
}

export function useTransfers(project?: number): readonly Transfer[] {
  const queue = useUploadQueue();
  const all = useSyncExternalStore(queue.subscribe, queue.snapshot);
  return project === undefined ? all : all.filter((transfer) => transfer.project === project);
}
