import type { CSSProperties } from "react";
import type { Transitions } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { formatSeconds } from "../../lib/time";
import { formatShare } from "../../lib/words";
import { orderOf } from "./layout";

/** Rows lead to columns. Every figure, also those below the slider's threshold, which are pale. */
export function TransitionMatrix({ flow, threshold }: { flow: Transitions; threshold: number }) {
  const groups = new Map(flow.groups.map((group) => [group.key, group]));
  const order = orderOf(flow).map((key) => groups.get(key)!);
  const cells = new Map(flow.transitions.map((one) => [`${one.group} ${one.follows}`, one]));
  return (
    // A table wider than the page scrolls; the keyboard has to reach that.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-well" tabIndex={0} role="region" aria-label="Transition matrix">
      <table className="flow-matrix">
        <caption className="visually-hidden">How likely the group of a row is followed by the group of a column</caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="small muted">from ↓ to →</span>
            </th>
            {order.map((group) => (
              <th key={group.key} scope="col" title={group.name}>
                <ClusterSwatch cluster={group.colour} />
                <span className="visually-hidden">{group.name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {order.map((row) => (
            <tr key={row.key}>
              <th scope="row" title={row.name}>
                <span className="row">
                  <ClusterSwatch cluster={row.colour} /> <span className="clip-text">{row.name}</span>
                </span>
              </th>
              {order.map((column) => {
                const cell = cells.get(`${row.key} ${column.key}`);
                if (!cell) return <td key={column.key} />;
                return (
                  <td
                    key={column.key}
                    className={cell.probability < threshold ? "pale" : undefined}
                    style={{ "--share": `${Math.round(cell.probability * 45)}%` } as CSSProperties}
                    title={`${row.name} → ${column.name}: ${cell.count} times, ${formatSeconds(cell.mean_gap_s)} between`}
                  >
                    {formatShare(cell.probability)}
                    <span className="visually-hidden">, {cell.count} times</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
