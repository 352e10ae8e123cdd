import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { DatasetExport, ExportContents } from "../../api/types";
import { Failed, Skeleton } from "../../components/PanelState";
import { formatSpan } from "../../lib/time";
import { formatCount, formatFigure, plural } from "../../lib/words";
import { CopyButton } from "./CopyButton";
import { kindOf, snippetOf } from "./kinds";
import { exportQuery } from "./queries";

/** The dataset card, and the first lines of a program that loads the file. */
export function ExportCard({ row }: { row: DatasetExport }) {
  const detail = useQuery(exportQuery(row.id));
  const snippet = snippetOf(row);
  return (
    <div className="export-card">
      <section className="load">
        <header className="row">
          <h4>Load it</h4>
          <span className="push" />
          <CopyButton text={snippet} label="Copy the program" />
        </header>
        <p className="small muted">{kindOf(row.kind).reader}</p>
        {/* Long lines scroll: by keyboard too. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre tabIndex={0} aria-label="How to load it in Python">
          <code>{snippet}</code>
        </pre>
      </section>
      <section className="card-facts">
        <h4>Card</h4>
        {detail.isPending && <Skeleton label="Loading the card…" height={120} />}
        {detail.isError && <Failed small error={detail.error} onRetry={() => void detail.refetch()} />}
        {detail.data?.contents && <Facts contents={detail.data.contents} />}
      </section>
    </div>
  );
}

function Facts({ contents }: { contents: ExportContents }) {
  const unlicensed = contents.sources.filter(({ licence }) => licence.trim() === "").length;
  return (
    <>
      <p className="facts">
        <span>{formatSpan(contents.seconds)}</span>
        <span>{plural(contents.steps, "code")}</span>
        <span>{formatCount(contents.rated)} rated</span>
      </p>
      <Table label="Actions in this export" head={["Action", "All", "Train", "Val", "Test"]}>
        {contents.actions.map((action) => (
          <tr key={action.id ?? "none"}>
            <th scope="row">{action.name ?? <span className="muted">no name</span>}</th>
            {[action.primitives, action.train, action.val, action.test].map((n, column) => (
              <td key={column}>{formatCount(n)}</td>
            ))}
          </tr>
        ))}
      </Table>
      <Table label="Videos in this export" head={["Video", "Split", "Primitives", "Licence"]}>
        {contents.sources.map((source) => (
          <tr key={source.key}>
            <th scope="row">
              {source.title} {source.view && <span className="muted">{source.view}</span>}
            </th>
            <td className="word">{source.split}</td>
            <td>{formatCount(source.primitives)}</td>
            <td className="word">{source.licence.trim() === "" ? <span className="muted">none noted</span> : source.licence}</td>
          </tr>
        ))}
      </Table>
      {unlicensed > 0 && (
        <p className="small muted">
          {unlicensed === contents.sources.length ? "No licence is noted on any video here" : `No licence is noted on ${plural(unlicensed, "video")} here`}: ask
          whoever owns them before you pass this on.
        </p>
      )}
      <p className="small">
        Agreement: quality {alphaWords(contents.quality)}; labels {alphaWords(contents.labels)}.
      </p>
    </>
  );
}

function alphaWords({ alpha, low, high, n_units }: ExportContents["quality"]): string {
  if (alpha === null) return "α not defined, too few were judged twice";
  const interval = low !== null && high !== null ? ` (${formatFigure(low)} to ${formatFigure(high)})` : "";
  return `α ${formatFigure(alpha)}${interval} over ${plural(n_units, "primitive")}`;
}

const WORDS: ReadonlySet<string> = new Set(["Split", "Licence"]); // columns that are read, not added up

function Table({ label, head, children }: { label: string; head: readonly string[]; children: ReactNode }) {
  return (
    // Scrolls by keyboard where it is wider than the page.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="card-table" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col" className={WORDS.has(name) ? "word" : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
