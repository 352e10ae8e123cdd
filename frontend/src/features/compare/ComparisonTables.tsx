import type { ReactNode } from "react";
import type { Comparison } from "../../api/types";
import { formatCount, formatFigure, formatShare, spoken } from "../../lib/words";
import "./compare.css";

/** A table that may be wider than the page; the keyboard scrolls it too. */
function Scrolled({ name, children }: { name: string; children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-scroll" role="region" aria-label={name} tabIndex={0}>
      {children}
    </div>
  );
}

/** How two runs' clusters agree, and the figures of both. */
export function Figures({ comparison }: { comparison: Comparison }) {
  const { a, b } = comparison;
  const rows: [name: string, hint: string, of: (run: Comparison["a"]) => string][] = [
    ["primitives", "", (run) => formatCount(run.n_segments)],
    ["clusters", "", (run) => formatCount(run.n_clusters_found)],
    ["silhouette", "-1..1: how much nearer a primitive is to its own cluster", (run) => formatFigure(run.silhouette)],
    ["Calinski–Harabasz", "variance between clusters over variance within", (run) => formatFigure(run.calinski_harabasz)],
    ["stability", "0..1: how alike the clusters are when made again from other starts", (run) => formatFigure(run.stability)],
  ];
  return (
    <div className="compare-tables">
      <dl className="stats">
        <div className="stat" title={`Adjusted Rand index over ${formatCount(comparison.n_samples)} moments, one every 0.1 s, at which both runs have a cluster: 0 is chance, 1 the same`}>
          <dt>clusters agree, ARI</dt>
          <dd>{formatFigure(comparison.ari)}</dd>
        </div>
        <div className="stat" title="Normalised mutual information over the same moments: 0 tells nothing, 1 everything">
          <dt>clusters agree, NMI</dt>
          <dd>{formatFigure(comparison.nmi)}</dd>
        </div>
      </dl>
      <Scrolled name="Figures of both runs">
        <table>
          <caption className="visually-hidden">Figures of both runs</caption>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">figure</span>
              </th>
              <th scope="col">run {a.number}</th>
              <th scope="col">run {b.number}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, hint, of]) => (
              <tr key={name} title={hint || undefined}>
                <th scope="row">{name}</th>
                <td>{of(a)}</td>
                <td>{of(b)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
    </div>
  );
}

interface VideoTableProps {
  comparison: Comparison;
  current: number | null;
  onVideo: (video: number) => void;
}

/** Where the two cut each video. */
export function VideoTable({ comparison, current, onVideo }: VideoTableProps) {
  const { a, b, videos, only_a, only_b } = comparison;
  return (
    <>
      <Scrolled name="Boundaries of each video">
        <table>
          <caption className="visually-hidden">Boundaries of each video</caption>
          <thead>
            <tr>
              <th scope="col">video</th>
              <th scope="col" title="off by less than 0.05 s">
                kept
              </th>
              <th scope="col" title="off by 0.05 s to 1 s">
                moved
              </th>
              <th scope="col">by, median</th>
              <th scope="col">only run {a.number}</th>
              <th scope="col">only run {b.number}</th>
              <th scope="col" title="share of the time within primitives">
                in primitives
              </th>
            </tr>
          </thead>
          <tbody>
            {videos.map((video) => (
              <tr key={video.id} aria-current={video.id === current || undefined}>
                <th scope="row">
                  <button type="button" className="link-button" onClick={() => onVideo(video.id)}>
                    {video.title}
                  </button>
                </th>
                <td>{formatCount(video.n_kept)}</td>
                <td>{formatCount(video.n_moved)}</td>
                <td>{video.median_moved_s === null ? "–" : `${video.median_moved_s.toFixed(3)} s`}</td>
                <td>{formatCount(video.n_only_a)}</td>
                <td>{formatCount(video.n_only_b)}</td>
                <td>
                  {formatShare(video.segmented_a)} → {formatShare(video.segmented_b)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      {[...only_a.map((video) => ({ ...video, run: a })), ...only_b.map((video) => ({ ...video, run: b }))].map((video) => (
        <p key={video.id} className="small muted">
          {video.title}: only in run {video.run.number}.
        </p>
      ))}
    </>
  );
}

/** The settings in which two runs differ. */
export function ConfigTable({ comparison }: { comparison: Comparison }) {
  const { a, b, config } = comparison;
  if (config.length === 0) return <p className="muted">Both have the same configuration.</p>;
  return (
    <Scrolled name="Settings that differ">
      <table>
        <caption className="visually-hidden">Settings that differ</caption>
        <thead>
          <tr>
            <th scope="col">setting</th>
            <th scope="col">run {a.number}</th>
            <th scope="col">run {b.number}</th>
          </tr>
        </thead>
        <tbody>
          {config.map((one) => (
            <tr key={one.key}>
              <th scope="row" title={one.key}>
                {spoken(one.key)}
              </th>
              <td>{shown(one.a)}</td>
              <td>{shown(one.b)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

const shown = (value: unknown): string => (value === null || value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value));
