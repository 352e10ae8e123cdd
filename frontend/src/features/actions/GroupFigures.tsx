import type { Group } from "../../api/types";
import { CoherenceStrip } from "../../components/CoherenceStrip";
import { encoderName, encoderWords, formatFigure } from "../../lib/words";

/** How alike its primitives look, by the encoder the run prefers of those that were used; nothing before that is measured. */
export function GroupCoherence({ group }: { group: Group }) {
  const made = group.coherence[0];
  if (!made) return null;
  const words = `Coherence by ${encoderWords(made)}, n = ${made.n_segments}`;
  if (made.icss === null)
    return (
      <p className="facts" title={words}>
        coherence –: one primitive has nothing to be compared with
      </p>
    );
  return (
    <div className="card-coherence" title={`${words}, ${made.n_pairs} pairs; random pairs of the run ${formatFigure(made.random_icss)}`}>
      <p className="facts">
        <span>coherence {made.icss.toFixed(3)}</span>
        {made.random_icss !== null && <span>random {made.random_icss.toFixed(3)}</span>}
        <span>{encoderName(made.encoder)}</span>
      </p>
      <CoherenceStrip value={made.icss} low={made.low} high={made.high} baseline={made.random_icss} cluster={group.colour} from={0} />
    </div>
  );
}

export function GroupQuality({ group }: { group: Group }) {
  if (group.quality === null) return <span>not rated yet</span>;
  return (
    <span title={`Mean of what people rated, from 0 to 3; ${group.n_rated} of ${group.size} rated`}>
      quality {group.quality.toFixed(2)} (n = {group.n_rated})
    </span>
  );
}
