import type { UseQueryResult } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { ApiError } from "../../../api/errors";
import type { Annotation } from "../../../api/types";
import { Icon } from "../../../components/Icon";
import { useImportAnnotations, useRemoveAnnotations } from "../../../features/annotations/mutations";
import type { Interval } from "../../../lib/segments";

export interface Truth {
  /** In the address. */
  key: string;
  id: number | null;
  name: string;
  source: string;
  segments: (Interval & { label: string })[];
}

/** The video's own truth first, then what was imported. */
export function truthsOf(annotations: readonly Annotation[] | undefined): Truth[] {
  return (annotations ?? []).map(({ id, name, source, segments }) => ({
    key: id === null ? "truth" : String(id),
    id,
    name,
    source,
    segments: segments.map(({ start, end, label }) => ({ start_s: start, end_s: end, label })).sort((a, b) => a.start_s - b.start_s),
  }));
}

interface TruthChoiceProps {
  video: number;
  annotations: UseQueryResult<Annotation[]>;
  truths: readonly Truth[];
  chosen: string;
  onChoose: (key: string) => void;
}

/** Which annotation stands on the timeline and is scored against; the way to bring one. */
export function TruthChoice({ video, annotations, truths, chosen, onChoose }: TruthChoiceProps) {
  const file = useRef<HTMLInputElement>(null);
  const bring = useImportAnnotations(video);
  const remove = useRemoveAnnotations(video);
  const current = truths.find((one) => one.key === chosen);
  const [tier, setTier] = useState("");
  const send = (asked: Parameters<typeof bring.mutate>[0]) => bring.mutate(asked, { onSuccess: (made) => onChoose(String(made.id)) });
  const refused = bring.error instanceof ApiError ? bring.error : null;
  const error = bring.error ?? remove.error ?? annotations.error;
  return (
    <div className="truth-choice">
      <label className="field">
        <span className="label">Compare with</span>
        <select className="select" value={chosen} onChange={(event) => onChoose(event.target.value)}>
          {truths.map((one) => (
            <option key={one.key} value={one.key}>
              {one.name} ({one.segments.length})
            </option>
          ))}
          <option value="none">{truths.length === 0 ? "No annotations yet" : "Nothing"}</option>
        </select>
      </label>
      <button
        type="button"
        className="icon-button"
        aria-label="Import annotations"
        title="Import annotations: ActivityNet, ELAN, BORIS, VIA, a table"
        disabled={bring.isPending}
        onClick={() => file.current?.click()}
      >
        <Icon name="upload" />
      </button>
      {current && current.id !== null && (
        <button
          type="button"
          className="icon-button"
          aria-label={`Remove ${current.name}`}
          title="Remove this annotation"
          disabled={remove.isPending}
          onClick={() => remove.mutate(current.id!)}
        >
          <Icon name="trash" />
        </button>
      )}
      <input
        ref={file}
        type="file"
        hidden
        aria-label="Annotation file"
        onChange={(event) => {
          const chosenFile = event.target.files?.[0];
          event.target.value = "";
          if (chosenFile) send({ file: chosenFile });
        }}
      />
      {error && (
        <p role="alert" className="bad small">
          {error.message}
        </p>
      )}
      {bring.data?.notice && (
        <p role="status" className="muted small">
          {bring.data.notice}
        </p>
      )}
      {refused?.code === "overlapping" && bring.variables && (
        <button type="button" className="button small" disabled={bring.isPending} onClick={() => send({ ...bring.variables, overlapping: true })}>
          Import it with the overlaps
        </button>
      )}
      {refused?.code === "bad_annotation" && bring.variables && /\.eaf$/i.test(bring.variables.file.name) && (
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            send({ ...bring.variables, tier: tier.trim() });
          }}
        >
          <input className="input" aria-label="Tier of the ELAN file" placeholder="Tier" value={tier} onChange={(event) => setTier(event.target.value)} />
          <button type="submit" className="button small" disabled={tier.trim() === "" || bring.isPending}>
            Import this tier
          </button>
        </form>
      )}
    </div>
  );
}
