import { useQuery } from "@tanstack/react-query";
import type { Agreement, Alpha, Figure } from "../../api/types";
import { Failed, Skeleton } from "../../components/PanelState";
import { TableWell } from "../../components/TableWell";
import { qualityColour } from "../../lib/palette";
import { formatCount, formatShare, plural } from "../../lib/words";
import { AlphaStrip } from "./AlphaStrip";
import { agreementQuery } from "./queries";
import { CONFIDENCE, decimals, interval, ofPairs, ofPrimitives, signed, whyNoAlpha } from "./words";
import "./agreement.css";

/** How far the reviewers of a run agree, and how many primitives are left at each step. */
export function AgreementPanel({ run, runNumber }: { run: number; runNumber: number }) {
  const found = useQuery(agreementQuery(run));

  if (found.isPending) return <Skeleton label="Loading agreement…" height={132} rows={2} />;
  if (found.isError) return <Failed what="The agreement could not be read" error={found.error} onRetry={() => void found.refetch()} />;
  const { quality, labels, start, end, overlap, confidence, confidences, pairs, biases, funnel } = found.data;
  return (
    <>
      <section className="panel review-panel" aria-label="Retention">
        <h2>Retention</h2>
        <Funnel funnel={funnel} />
        <p className="hint">Kept: mean quality of 2 or more, or settled at that. Confidence never filters.</p>
      </section>
      <section className="panel review-panel" aria-label="Agreement">
        <h2>Agreement</h2>
        <div className="alphas">
          <AlphaFigure name="Quality" scale="interval scale" alpha={quality} judged="rated" run={runNumber} />
          <AlphaFigure name="Labels" scale="nominal scale" alpha={labels} judged="labelled" run={runNumber} />
        </div>
        <p className="hint">
          Krippendorff’s α with its 95 % bootstrap interval: 1 is agreement, 0 what chance gives. From 0.8 on ratings count as reliable, from
          0.667 as tentative (the ticks).
        </p>
        <dl className="stats">
          <Stat name="Start, median |Δt|" figure={start} unit=" s" digits={3} note={ofPairs(start)} />
          <Stat name="End, median |Δt|" figure={end} unit=" s" digits={3} note={ofPairs(end)} />
          <Stat name="Overlap, median temporal IoU" figure={overlap} note={ofPairs(overlap)} />
          <Stat name="Confidence, mean of 0–2" figure={confidence} note={`n = ${plural(confidence.n, "review")}`} />
        </dl>
        {confidence.n > 0 && (
          <p className="facts">
            {confidences.map((n, grade) => (
              <span key={grade}>
                {CONFIDENCE[grade]} {formatCount(n)} ({formatShare(n / confidence.n)})
              </span>
            ))}
          </p>
        )}
      </section>
      <section className="panel review-panel" aria-label="Reviewers side by side">
        <h2>Reviewers side by side</h2>
        {pairs.length === 0 ? (
          <p className="muted">Nothing has been judged by two people yet. Assign a share to be judged twice, and the table fills as they rate.</p>
        ) : (
          <>
            <Biases biases={biases} />
            <Pairs pairs={pairs} />
          </>
        )}
      </section>
    </>
  );
}

function Funnel({ funnel }: { funnel: Agreement["funnel"] }) {
  const most = Math.max(1, funnel.candidates);
  const rows = [
    { name: "candidates", n: funnel.candidates, of: null, colour: "var(--no-cluster)" },
    { name: "rated", n: funnel.rated, of: funnel.candidates, colour: qualityColour(1) },
    { name: "kept", n: funnel.kept, of: funnel.rated, colour: qualityColour(3) },
  ];
  return (
    <dl className="funnel">
      {rows.map(({ name, n, of, colour }, i) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <span className="funnel-bar" aria-hidden="true">
              <span style={{ width: `${(100 * n) / most}%`, background: colour }} />
            </span>
            <span className="funnel-figure">
              <span className="strong">{formatCount(n)}</span>
              {of !== null && of > 0 && (
                <span className="muted small">
                  {formatShare(n / of)} of {rows[i - 1]!.name}
                </span>
              )}
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface AlphaFigureProps {
  name: string;
  scale: string;
  alpha: Alpha;
  judged: string;
  run: number;
}

function AlphaFigure({ name, scale, alpha, judged, run }: AlphaFigureProps) {
  const why = whyNoAlpha(alpha, judged);
  return (
    <div className="alpha-figure" role="group" aria-label={`Alpha of ${name.toLowerCase()}`} title={`Run ${run}, ${ofPrimitives(alpha)}, bootstrap of 1,000 draws with seed 0`}>
      <h3>
        {name} <span className="muted small">{scale}</span>
      </h3>
      {alpha.alpha === null ? (
        <p className="muted">{why}</p>
      ) : (
        <>
          <p>
            <span className="alpha-value">α {decimals(alpha.alpha)}</span> <span className="muted">{interval(alpha)}</span>
          </p>
          <AlphaStrip value={alpha.alpha} low={alpha.low} high={alpha.high} from={Math.min(-0.2, alpha.alpha)} to={1} ticks={[0, 0.667, 0.8]} />
          <p className="muted small">{ofPrimitives(alpha)}</p>
        </>
      )}
    </div>
  );
}

function Stat({ name, figure, note, unit = "", digits = 2 }: { name: string; figure: Figure; note: string; unit?: string; digits?: number }) {
  return (
    <div className="stat">
      <dt>{name}</dt>
      <dd>
        {figure.value === null ? (
          <span className="muted">not computable yet</span>
        ) : (
          <>
            {decimals(figure.value, digits)}
            {unit} <span className="muted small">{interval(figure, digits)}</span>
          </>
        )}
        <span className="muted small stat-n">{note}</span>
      </dd>
    </div>
  );
}

function Biases({ biases }: { biases: Agreement["biases"] }) {
  return (
    <TableWell label="How much higher or lower each rates">
      <table className="figures-table">
        <caption>Own quality less the others’ mean, over primitives that others rated too. Above 0: more generous.</caption>
        <thead>
          <tr>
            <th scope="col">Reviewer</th>
            <th scope="col" className="figure">
              Bias
            </th>
            <th scope="col">95 % interval</th>
            <th scope="col" className="strip">
              −1.5 … +1.5
            </th>
            <th scope="col" className="figure">
              n
            </th>
          </tr>
        </thead>
        <tbody>
          {biases.map(({ reviewer, name, figure }) => (
            <tr key={reviewer}>
              <th scope="row">
                <bdi>{name}</bdi>
              </th>
              <td className="figure">{signed(figure.value)}</td>
              <td className="muted">{interval(figure)}</td>
              <td className="strip">{figure.value !== null && <AlphaStrip value={figure.value} low={figure.low} high={figure.high} from={-1.5} to={1.5} ticks={[0]} />}</td>
              <td className="figure">{formatCount(figure.n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableWell>
  );
}

const MOST_PAIRS = 100;

function Pairs({ pairs }: { pairs: Agreement["pairs"] }) {
  const shown = [...pairs].sort((a, b) => b.n - a.n).slice(0, MOST_PAIRS);
  return (
    <TableWell label="Two by two">
      <table className="figures-table">
        <caption>
          Two by two, those with most in common first{pairs.length > shown.length ? ` (${shown.length} of ${formatCount(pairs.length)} pairs)` : ""}.
        </caption>
        <thead>
          <tr>
            <th scope="col">Reviewers</th>
            <th scope="col" className="figure">
              Both rated
            </th>
            <th scope="col" className="figure">
              Same quality
            </th>
            <th scope="col" className="figure">
              Mean |Δ|
            </th>
            <th scope="col" className="figure">
              Same label
            </th>
            <th scope="col" className="figure">
              Both labelled
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((pair, i) => (
            <tr key={i}>
              <th scope="row">
                <bdi>{pair.first}</bdi> · <bdi>{pair.second}</bdi>
              </th>
              <td className="figure">{formatCount(pair.n)}</td>
              <td className="figure">{formatShare(pair.same_quality)}</td>
              <td className="figure">{decimals(pair.mean_difference)}</td>
              <td className="figure">{pair.same_label === null ? "–" : formatShare(pair.same_label)}</td>
              <td className="figure">{formatCount(pair.n_labelled)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableWell>
  );
}
