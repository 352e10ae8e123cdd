import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import type { UnfinishedUpload } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Progress } from "../../components/Progress";
import { formatBytes } from "../../lib/size";
import { formatAgo, formatSpan } from "../../lib/time";
import { useTransfers, useUploadQueue } from "./context";
import { uploadKeys, unfinishedQuery } from "./queries";
import { continues, discard, type Transfer } from "./queue";
import { useStartUploads } from "./useStartUploads";
import "./uploads.css";

/** What is being uploaded from here, and what was begun and waits for its file. */
export function UploadList({ project }: { project: number }) {
  const transfers = useTransfers(project).filter((transfer) => transfer.state !== "done");
  const unfinished = useQuery(unfinishedQuery(project));
  const held = new Set(transfers.map((transfer) => transfer.url && new URL(transfer.url, window.location.origin).pathname));
  const left = (unfinished.data ?? []).filter(
    (upload) =>
      !held.has(new URL(upload.url, window.location.origin).pathname) &&
      // Between the first byte and the server's answer a transfer has no address yet.
      !transfers.some((transfer) => transfer.url === null && transfer.filename === upload.filename && transfer.sizeBytes === upload.size_bytes),
  );

  if (transfers.length === 0 && left.length === 0) return null;
  return (
    <section aria-label="Uploads" className="panel upload-list">
      <ul>
        {transfers.map((transfer) => (
          <TransferRow key={transfer.id} transfer={transfer} />
        ))}
        {left.map((upload) => (
          <UnfinishedRow key={upload.id} project={project} upload={upload} />
        ))}
      </ul>
    </section>
  );
}

function TransferRow({ transfer }: { transfer: Transfer }) {
  const queue = useUploadQueue();
  const client = useQueryClient();
  const { id, filename, state } = transfer;
  const stopped = state === "paused" || state === "failed";
  return (
    <li className="upload-row">
      <span className="clip-text name">{filename}</span>
      <span className="small words">{wordsFor(transfer)}</span>
      <span className="bar">
        <Progress value={transfer.sizeBytes ? transfer.sentBytes / transfer.sizeBytes : 0} label={`Uploading ${filename}`} />
      </span>
      <span className="row buttons">
        {stopped ? (
          <button type="button" className="button small" onClick={() => queue.resume(id)} aria-label={`${state === "failed" ? "Try again" : "Resume"}: ${filename}`}>
            {state === "failed" ? "Try again" : "Resume"}
          </button>
        ) : (
          <button type="button" className="button small" onClick={() => queue.pause(id)} aria-label={`Pause ${filename}`}>
            Pause
          </button>
        )}
        <button
          type="button"
          className="icon-button"
          aria-label={`Cancel ${filename}`}
          title="Cancel and discard"
          onClick={() => void queue.cancel(id).finally(() => client.invalidateQueries({ queryKey: uploadKeys.unfinished(transfer.project) }))}
        >
          <Icon name="close" />
        </button>
      </span>
    </li>
  );
}

function wordsFor(transfer: Transfer) {
  const { state, sentBytes, sizeBytes, bytesPerS, reason } = transfer;
  const sent = `${formatBytes(sentBytes)} of ${formatBytes(sizeBytes)}`;
  switch (state) {
    case "waiting":
      return <span className="muted">waiting · {sent}</span>;
    case "paused":
      return <span className="muted">paused · {sent}</span>;
    case "retrying":
      return <span className="muted">the server does not answer, trying again · {sent}</span>;
    case "failed":
      return <span className="bad">{reason}</span>;
    default: {
      const left = bytesPerS ? ` · ${formatBytes(bytesPerS)}/s · ${formatSpan((sizeBytes - sentBytes) / bytesPerS)} left` : "";
      return (
        <span className="muted">
          {sent}
          {left}
        </span>
      );
    }
  }
}

function UnfinishedRow({ project, upload }: { project: number; upload: UnfinishedUpload }) {
  const input = useRef<HTMLInputElement>(null);
  const start = useStartUploads(project);
  const client = useQueryClient();
  const drop = useMutation({
    mutationFn: () => discard(upload.url),
    onSettled: () => client.invalidateQueries({ queryKey: uploadKeys.unfinished(project) }),
  });
  const choose = useMutation({
    mutationFn: async (file: File) => {
      if (!continues(upload, file))
        throw new Error(`That is another file: this one is ${upload.filename}, ${formatBytes(upload.size_bytes)}.`);
      await Promise.resolve(start([file]));
    },
  });
  const error = choose.error ?? drop.error;
  return (
    <li className="upload-row">
      <span className="clip-text name">{upload.filename}</span>
      <span className="small words">
        {error ? (
          <span className="bad" role="alert">
            {error.message}
          </span>
        ) : (
          <span className="muted">
            {formatBytes(upload.offset_bytes)} of {formatBytes(upload.size_bytes)} are here since {formatAgo(upload.created_at)}. Choose
            the file again to continue.
          </span>
        )}
      </span>
      <span className="bar">
        <Progress value={upload.size_bytes ? upload.offset_bytes / upload.size_bytes : 0} label={`Uploaded so far: ${upload.filename}`} />
      </span>
      <span className="row buttons">
        <button type="button" className="button small" onClick={() => input.current?.click()}>
          Choose the file
        </button>
        <input
          ref={input}
          type="file"
          className="visually-hidden"
          tabIndex={-1}
          aria-label={`Choose ${upload.filename} again`}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) choose.mutate(file);
            event.target.value = "";
          }}
        />
        <button type="button" className="icon-button" aria-label={`Discard ${upload.filename}`} title="Discard" onClick={() => drop.mutate()}>
          <Icon name="close" />
        </button>
      </span>
    </li>
  );
}
