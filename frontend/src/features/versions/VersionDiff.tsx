import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { VersionDiff as Diff } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Icon } from "../../components/Icon";
import { LoopingClip } from "../../components/LoopingClip";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { formatSeconds, formatTime } from "../../lib/time";
import { formatCount, formatFigure, plural } from "../../lib/words";
import { versionDiffQuery } from "./queries";

type Example = Diff["gone"][number];
type ActionChange = Diff["actions"][number];
type Ref = ActionChange["action"];
type LinkTo = (example: Example, run: number) => string;

/** What changed from one version to another, with primitives to look at. */
export function VersionDiff({ before, after, linkTo }: { before: number; after: number; linkTo: LinkTo }) {
  const diff = useQuery(versionDiffQuery(before, after));
  if (diff.isPending) return <Skeleton label="Comparing…" height={120} rows={3} />;
  if (diff.isError) return <Failed what="The versions could not be compared" error={diff.error} onRetry={() => void diff.refetch()} />;
  const found = diff.data;
  const nothing = found.actions.length + found.n_moved + found.quality.n + found.edges.n + found.n_gone + found.n_new === 0;
  const [runBefore, runAfter] = [found.before.run, found.after.run];
  if (nothing)
    return (
      <Empty title="Nothing differs" icon="compare">
        {before === after ? "It is the same version." : "The two hold the same actions, primitives, ratings and edges; something else differs, such as a video’s title or licence."}
      </Empty>
    );
  return (
    <div className="version-diff">
      <p className="facts" role="status">
        <span>{plural(found.n_shared, "primitive")} in both</span>
        <span>{found.same_run ? `the same run ${found.after.run_number}` : `run ${found.before.run_number} and run ${found.after.run_number}: matched where their times overlap by half (IoU 0.5)`}</span>
        {found.n_gone > 0 && <span>{formatCount(found.n_gone)} only in version {found.before.number}</span>}
        {found.n_new > 0 && <span>{formatCount(found.n_new)} only in version {found.after.number}</span>}
      </p>

      <Part title="Actions" n={found.actions.length} none="No action was added, changed or left.">
        <ul className="diff-list">
          {found.actions.map((change) => (
            <li key={`${change.kind}-${change.action.id}`}>
              <div>
                <p className="row wrap">
                  <span className="badge">{KINDS[change.kind]}</span> <Name of={change.action} /> {otherWords(change)}
                  <span className="muted small">{countWords(change)}</span>
                </p>
                {change.fields.map((field) => (
                  <p key={field.field} className="field-change">
                    <span className="muted">{FIELD_NAMES[field.field] ?? field.field}</span> {field.before ? <del>{field.before}</del> : <span className="muted">nothing</span>} →{" "}
                    {field.after ? <ins>{field.after}</ins> : <span className="muted">nothing</span>}
                  </p>
                ))}
              </div>
              <Examples examples={change.examples} run={runAfter} linkTo={linkTo} />
            </li>
          ))}
        </ul>
      </Part>

      <Part title="Primitives moved" n={found.n_moved} none="Every primitive belongs where it did.">
        <ul className="diff-list">
          {found.moves.map((move, i) => (
            <li key={i}>
              <p className="row wrap">
                <Name of={move.before} /> → <Name of={move.after} /> <strong>{formatCount(move.n)}</strong>
              </p>
              <Examples examples={move.examples} run={runAfter} linkTo={linkTo} />
            </li>
          ))}
        </ul>
      </Part>

      <Part title="Quality" n={found.quality.n} none="No rating changed.">
        <p className="facts">
          {found.quality.first_rated > 0 && <span>{formatCount(found.quality.first_rated)} rated for the first time</span>}
          {found.quality.raised > 0 && <span>{formatCount(found.quality.raised)} rated higher</span>}
          {found.quality.lowered > 0 && <span>{formatCount(found.quality.lowered)} rated lower</span>}
          {found.quality.unrated > 0 && <span>{formatCount(found.quality.unrated)} not rated any more</span>}
          {found.quality.median !== null && <span>by {formatFigure(found.quality.median, 2)} in the median</span>}
        </p>
        <Examples examples={found.quality.examples} run={runAfter} linkTo={linkTo} words={qualityWords} />
      </Part>

      <Part title="Edges moved" n={found.edges.n} none="Every primitive begins and ends where it did.">
        {found.edges.median !== null && <p className="facts">by {formatSeconds(found.edges.median)} in the median</p>}
        <Examples examples={found.edges.examples} run={runAfter} linkTo={linkTo} words={edgeWords} />
      </Part>

      {found.n_gone > 0 && (
        <Part title={`Only in version ${found.before.number}`} n={found.n_gone}>
          <Examples examples={found.gone} run={runBefore} linkTo={linkTo} />
        </Part>
      )}
      {found.n_new > 0 && (
        <Part title={`Only in version ${found.after.number}`} n={found.n_new}>
          <Examples examples={found.new} run={runAfter} linkTo={linkTo} />
        </Part>
      )}
    </div>
  );
}

const FIELD_NAMES: Record<string, string> = { primitive: "taxonomy", digit: "key" };

const KINDS: Record<ActionChange["kind"], string> = {
  added: "added",
  split: "split off",
  renamed: "renamed",
  changed: "changed",
  merged: "merged",
  deprecated: "deprecated",
  restored: "brought back",
};

function otherWords({ kind, other }: ActionChange): ReactNode {
  if (!other) return null;
  return (
    <>
      {kind === "merged" ? "into" : "from"} <Name of={other} />
    </>
  );
}

const countWords = ({ n_before, n_after }: ActionChange): string =>
  n_before === n_after ? plural(n_after, "primitive") : `${formatCount(n_before)} → ${plural(n_after, "primitive")}`;

const qualityWords = ({ before, after }: Example): string => `${formatFigure(before?.[0] ?? null, 2)} → ${formatFigure(after?.[0] ?? null, 2)}`;
/** "start +0.05 s, end −0.10 s". */
function edgeWords({ before, after }: Example): string {
  const steps = ["start", "end"].map((edge, i) => ({ edge, by: (after?.[i] ?? 0) - (before?.[i] ?? 0) }));
  return steps
    .filter(({ by }) => Math.abs(by) >= 0.0005)
    .map(({ edge, by }) => `${edge} ${by < 0 ? "−" : "+"}${formatSeconds(Math.abs(by))}`)
    .join(", ");
}

function Name({ of }: { of: Ref | null }) {
  if (of === null) return <span className="muted">unnamed</span>;
  return (
    <span className="action-name">
      <ClusterSwatch cluster={of.colour} /> {of.name}
    </span>
  );
}

function Part({ title, n, none, children }: { title: string; n: number; none?: string; children: ReactNode }) {
  return (
    <section className="panel diff-part" aria-label={title}>
      <h2>
        {title} <span className="muted">{formatCount(n)}</span>
      </h2>
      {n === 0 ? <p className="hint">{none}</p> : children}
    </section>
  );
}

interface ExamplesProps {
  examples: readonly Example[];
  run: number;
  linkTo: LinkTo;
  words?: (example: Example) => string;
}

function Examples({ examples, run, linkTo, words }: ExamplesProps) {
  if (examples.length === 0) return null;
  return (
    <ul className="diff-examples" aria-label="Some of them">
      {examples.map((one) => (
        <li key={one.id}>
          <Link to={linkTo(one, run)}>
            <LoopingClip src={`/api/segments/${one.id}/clip/`} poster={`/api/segments/${one.id}/poster/`} label={`Primitive at ${formatTime(one.start_s)} of ${one.title}`} />
            <span className="small muted clip-text">{words ? words(one) : `${formatTime(one.start_s)} · ${one.title}`}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function CompareLink({ to }: { to: string }) {
  return (
    <Link className="icon-button" to={to} aria-label="Swap the versions" title="Swap the versions">
      <Icon name="compare" />
    </Link>
  );
}
