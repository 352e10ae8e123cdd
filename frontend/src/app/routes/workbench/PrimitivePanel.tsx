import { Link } from "react-router";
import type { Segment } from "../../../api/types";
import { Icon } from "../../../components/Icon";
import { Empty } from "../../../components/PanelState";
import { ExplainPanel } from "../../../features/cutting/ExplainPanel";
import type { Edge, Piece } from "../../../features/cutting/pieces";
import { groupOf } from "../../../features/segments/group";
import { SegmentFacts } from "../../../features/segments/SegmentFacts";
import { paths } from "../../../lib/paths";
import type { Params, Trace } from "../../../lib/segmentation";
import { formatSeconds, formatTime } from "../../../lib/time";
import { plural } from "../../../lib/words";
import { SimilarHere } from "./SimilarHere";
import type { Editing } from "./useEditing";

interface PrimitivePanelProps {
  project: number;
  piece: Piece | null;
  /** Among the pieces shown, and how many these are. */
  position: number;
  n: number;
  /** The run's own primitive the piece comes from. */
  segment: Segment | null;
  changed: boolean;
  runNumber: number | null;
  clusters: readonly { index: number; name: string }[];
  trace: Trace | null;
  params: Params | null;
  made: string;
  unit: string;
  explained: boolean;
  onExplain: (open: boolean) => void;
  onSeek: (timeS: number) => void;
  onLoop: () => void;
  editing: Editing;
  edge: Edge | null;
}

/** One primitive: its facts, what hands can do to it, why it was cut there, and what moves like it. */
export function PrimitivePanel(props: PrimitivePanelProps) {
  const { project, piece, position, n, segment, changed, runNumber, clusters, trace, params, made, unit, explained, onExplain, onSeek, onLoop, editing, edge } = props;
  if (piece === null)
    return (
      <Empty small title={plural(n, "primitive")} icon="similar">
        Press one on the timeline, or ↓ for the next, to see its codes and what moves like it. Drag over a lane to select a range.
      </Empty>
    );
  const loop = (
    <button type="button" className="button" onClick={onLoop}>
      <Icon name="loop" /> Play in a loop
    </button>
  );
  return (
    <div className="primitive-panel">
      {segment ? (
        <SegmentFacts
          segment={segment}
          group={groupOf(segment)}
          clusterName={clusters.find((cluster) => cluster.index === segment.cluster)?.name ?? null}
          runNumber={runNumber}
          now={changed ? piece : null}
          actions={
            <>
              {loop}
              <Link className="button" to={paths.segmentInClusters(project, segment.run, segment.id)}>
                <Icon name="map" /> Open in map
              </Link>
            </>
          }
        />
      ) : (
        <section className="segment-facts" aria-label={`Primitive ${position + 1} of the draft`}>
          <h2>
            Primitive {position + 1} <span className="badge">new in the draft</span>
          </h2>
          <p className="segment-times" title={`${piece.start_s.toFixed(3)} s – ${piece.end_s.toFixed(3)} s`}>
            <span>
              {formatTime(piece.start_s)} – {formatTime(piece.end_s)}
            </span>
            <span className="muted">{formatSeconds(piece.end_s - piece.start_s)}</span>
          </p>
          <p className="hint">Its codes, cluster and neighbours come with the run you keep.</p>
          <div className="row wrap">{loop}</div>
        </section>
      )}
      <EditBar editing={editing} edge={edge} last={position === n - 1} />
      {trace && params && (
        <details className="explain-fold" open={explained} onToggle={(event) => onExplain(event.currentTarget.open)}>
          <summary title="X">Explain this cut</summary>
          {explained && <ExplainPanel trace={trace} params={params} piece={piece} made={made} unit={unit} onSeek={onSeek} />}
        </details>
      )}
      {segment && <SimilarHere project={project} segment={segment} clusters={clusters} />}
    </div>
  );
}

function EditBar({ editing, edge, last }: { editing: Editing; edge: Edge | null; last: boolean }) {
  const which = edge ?? "nearer";
  return (
    <div className="edit-bar" role="group" aria-label="Edit the cut">
      <span className="small muted">{edge ? `${edge === "start" ? "Start" : "End"} in hand` : "Edge ([ and ] take one in hand)"}</span>
      <div className="row wrap">
        <button type="button" className="button small" title={`Move the ${which} edge a frame earlier (shift [)`} onClick={() => editing.nudge(-1)}>
          −1 frame
        </button>
        <button type="button" className="button small" title={`Move the ${which} edge a frame later (shift ])`} onClick={() => editing.nudge(1)}>
          +1 frame
        </button>
        <button type="button" className="button small" title={`Snap the ${which} edge to the energy's nearest minimum (B)`} onClick={() => editing.snap("minimum")}>
          To minimum
        </button>
        <button type="button" className="button small" title={`Snap the ${which} edge to the nearest crossing of θ (T)`} onClick={() => editing.snap("threshold")}>
          To θ
        </button>
        <button type="button" className="button small" title="Split at the playhead (S)" onClick={editing.split}>
          Split
        </button>
        <button type="button" className="button small" title="Merge with the next (M)" disabled={last} onClick={editing.merge}>
          Merge with next
        </button>
        <button type="button" className="button small danger" title="Delete the primitive (del)" onClick={editing.remove}>
          Delete
        </button>
      </div>
    </div>
  );
}
