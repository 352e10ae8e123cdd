import { Link } from "react-router";
import type { ClusterCoherence, Coherence } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { CoherenceStrip } from "../../components/CoherenceStrip";
import { Icon } from "../../components/Icon";
import { encoderName, encoderWords, formatCount, formatFigure, plural } from "../../lib/words";
import { SilhouetteScatter } from "./SilhouetteScatter";
import "./coherence.css";

interface CoherencePanelProps {
  coherence: Coherence;
  runNumber: number;
  clusterHref: (index: number) => string;
}

/** What one encoder makes of the clusters, or why it was not used. Its name stands over every figure. */
export function CoherencePanel({ coherence, runNumber, clusterHref }: CoherencePanelProps) {
  const name = encoderName(coherence.encoder);
  if (coherence.why_not) return <Unused coherence={coherence} name={name} />;
  const made = `Run ${runNumber}, ${encoderWords(coherence)}, n = ${coherence.n_segments}`;
  const { icss, random_icss: random } = coherence;
  return (
    <section className="panel coherence-panel" aria-label={`Coherence by ${name}`}>
      <div className="coherence-head">
        <h2>By {name}</h2>
        <p className="facts">
          <span>{coherence.weights ? `weights ${coherence.weights.slice(0, 12)}` : "no weights"}</span>
          <span>seed {coherence.seed}</span>
          <span>{plural(coherence.n_segments, "primitive")}</span>
          <span>{plural(coherence.n_pairs, "pair")}</span>
        </p>
      </div>
      {coherence.encoder === "appearance" && (
        <p className="hint">A hand-made measure of where colours and edges lie. It knows nothing of what they mean: it says what looks alone explain.</p>
      )}
      {icss === null || random === null ? (
        <p className="muted">No cluster has two primitives, so there is no pair to compare.</p>
      ) : (
        <>
          <dl className="stats">
            <Figure
              name="Within clusters"
              value={withStd(icss, coherence.std)}
              note={coherence.low === null ? "no interval: below five a cluster" : `95 %: ${interval(coherence.low, coherence.high)}`}
              title={`${made}. Mean ± deviation over ${formatCount(coherence.n_pairs)} pairs within clusters; over all pairs, clusters weighed alike, ${formatFigure(coherence.exact)}.`}
            />
            <Figure
              name="Random pairs"
              value={withStd(random, coherence.random_std)}
              note={`${coherence.random_repeats} draws, ± ${formatFigure(coherence.random_spread, 2)}`}
              title={`${made}. As many pairs from all primitives, drawn ${coherence.random_repeats} times; over all pairs there are ${formatFigure(coherence.random_exact)}.`}
            />
            <Figure
              name="Difference"
              value={signed(icss - random)}
              note={verdict(coherence)}
              title={`${made}. Within clusters less random pairs.`}
            />
            <Figure name="Mean of clusters" value={threeDecimals(coherence.of_clusters)} title={`${made}. Each cluster counts once, whatever its size.`} />
          </dl>
          <Table coherence={coherence} made={made} clusterHref={clusterHref} />
          <p className="hint">The tick is the mean of random pairs, {threeDecimals(random)}; the dot the cluster’s mean, the band its 95 % interval.</p>
          <SilhouetteScatter clusters={coherence.clusters} baseline={random} name={name} />
        </>
      )}
    </section>
  );
}

function Unused({ coherence, name }: { coherence: Coherence; name: string }) {
  return (
    <section className="panel coherence-panel" aria-label={`Coherence by ${name}`}>
      <h2>By {name}</h2>
      <div className="notice">
        <Icon name="warning" />
        <div className="unused-words">
          <p>No figures by {name}: {coherence.why_not}.</p>
          {coherence.command && (
            <>
              <p>Fetch them on the machine of the workers, then measure again:</p>
              <code>{coherence.command}</code>
            </>
          )}
        </div>
      </div>
    </section>
  );
}

interface TableProps {
  coherence: Coherence;
  made: string;
  clusterHref: (index: number) => string;
}

function Table({ coherence, made, clusterHref }: TableProps) {
  const from = axisFrom(coherence);
  const baseline = coherence.random_icss;
  return (
    // Focusable, so that it scrolls by keys where it is wider than the screen.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="coherence-table" role="region" aria-label="Figures of each cluster" tabIndex={0}>
      <table>
        <caption className="visually-hidden">{made}</caption>
        <thead>
          <tr>
            <th scope="col">Cluster</th>
            <th scope="col" className="strip">
              <span className="axis" aria-hidden="true">
                <span>{from}</span>
                <span>1</span>
              </span>
              <span className="visually-hidden">Against random pairs, drawn</span>
            </th>
            <th scope="col">Coherence</th>
            <th scope="col" title="Of the mean, by drawing primitives anew">
              95 %
            </th>
            <th scope="col" title="Mean over every pair, without drawing any">
              All pairs
            </th>
            <th scope="col" title="Mean silhouette of its primitives, by motion">
              Silhouette
            </th>
            <th scope="col">n</th>
          </tr>
        </thead>
        <tbody>
          {coherence.clusters.map((one) => (
            <Row key={one.index} one={one} from={from} baseline={baseline} href={clusterHref(one.index)} />
          ))}
        </tbody>
        {coherence.icss !== null && (
          <tfoot>
            <tr>
              <th scope="row">All clusters</th>
              <td className="strip">
                <CoherenceStrip value={coherence.icss} low={coherence.low} high={coherence.high} baseline={baseline} cluster={null} from={from} />
              </td>
              <td>{withStd(coherence.icss, coherence.std)}</td>
              <td>{interval(coherence.low, coherence.high)}</td>
              <td>{threeDecimals(coherence.exact)}</td>
              <td />
              <td>{formatCount(coherence.n_segments)}</td>
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

interface RowProps {
  one: ClusterCoherence;
  from: number;
  baseline: number | null;
  href: string;
}

function Row({ one, from, baseline, href }: RowProps) {
  return (
    <tr>
      <th scope="row">
        <span className="row">
          <ClusterSwatch cluster={one.index} />
          <Link to={href}>{one.name}</Link>
        </span>
      </th>
      {one.icss === null ? (
        <td colSpan={4} className="muted">
          one primitive: nothing to compare it with
        </td>
      ) : (
        <>
          <td className="strip">
            <CoherenceStrip value={one.icss} low={one.low} high={one.high} baseline={baseline} cluster={one.index} from={from} />
          </td>
          <td>{withStd(one.icss, one.std)}</td>
          <td>{interval(one.low, one.high)}</td>
          <td>{threeDecimals(one.exact)}</td>
        </>
      )}
      <td>{one.silhouette === null ? "–" : one.silhouette.toFixed(2)}</td>
      <td>{formatCount(one.n_segments)}</td>
    </tr>
  );
}

function Figure({ name, value, note, title }: { name: string; value: string; note?: string; title: string }) {
  return (
    <div className="stat" title={title}>
      <dt>{name}</dt>
      <dd>{value}</dd>
      {note && <dd className="hint">{note}</dd>}
    </div>
  );
}

const withStd = (mean: number, std: number | null): string => `${mean.toFixed(3)} ± ${(std ?? 0).toFixed(3)}`;

const threeDecimals = (value: number | null): string => (value === null ? "–" : value.toFixed(3));

const interval = (low: number | null, high: number | null): string =>
  low === null || high === null ? "too few" : `${low.toFixed(3)} to ${high.toFixed(3)}`;

function signed(difference: number): string {
  const shown = Math.abs(difference).toFixed(3);
  return Number(shown) === 0 ? shown : `${difference < 0 ? "−" : "+"}${shown}`;
}

/** Whether the difference can be told from nothing: does the interval leave out what random pairs have? */
function verdict({ low, high, random_icss: random }: Coherence): string {
  if (low === null || high === null || random === null) return "too few primitives to say how sure";
  if (low > random) return "above random pairs, also at the interval’s lower end";
  if (high < random) return "below random pairs";
  return "random pairs lie within the interval";
}

/** A round number below everything drawn, so that what differs between clusters can be seen. */
function axisFrom({ clusters, random_icss: random, low, icss }: Coherence): number {
  const drawn = [random, low, icss, ...clusters.flatMap((one) => [one.icss, one.low])].filter((value) => value !== null);
  return Math.floor((Math.min(...drawn) - 0.02) * 10) / 10;
}
