import { useState } from "react";
import { Link } from "react-router";
import type { Group } from "../../api/types";
import { ClusterSwatch } from "../../components/ClusterSwatch";
import { Icon } from "../../components/Icon";
import { LoopingClip } from "../../components/LoopingClip";
import { Popover } from "../../components/Popover";
import { SparkHistogram } from "../../components/SparkHistogram";
import { formatSeconds } from "../../lib/time";
import { formatCount, formatFigure, formatShare, plural } from "../../lib/words";
import { GroupCoherence, GroupQuality } from "./GroupFigures";
import { GroupName } from "./GroupName";

const DRAGGED = "text/x-kineme-group";

interface GroupCardProps {
  group: Group;
  to: string;
  /** How many of it are selected; null where nothing is. */
  selected: number | null;
  mayEdit: boolean;
  onName: (name: string) => void;
  onMerge: (key: string) => void;
  onMergeInto: () => void;
  onSplit: () => void;
  onEdit: () => void;
  onSelect: () => void;
  onPoint: (key: string | null) => void;
}

/** A group by its most central primitive; the next central ones are a press away. Dropped onto another, it is merged into that. */
export function GroupCard({ group, to, selected, mayEdit, onName, onMerge, onMergeInto, onSplit, onEdit, onSelect, onPoint }: GroupCardProps) {
  const [shown, setShown] = useState(0);
  const [editing, setEditing] = useState(false);
  const [over, setOver] = useState(false);
  const medoid = group.medoids[shown] ?? group.medoids[0];
  return (
    <li
      className={over ? "cluster-card panel drop-here" : "cluster-card panel"}
      aria-label={group.name}
      draggable={mayEdit && !editing}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED, group.key);
        event.dataTransfer.effectAllowed = "move";
      }}
      onDragOver={(event) => {
        if (!mayEdit || !event.dataTransfer.types.includes(DRAGGED)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const key = event.dataTransfer.getData(DRAGGED);
        if (!mayEdit || key === "" || key === group.key) return;
        event.preventDefault();
        onMerge(key);
      }}
      onPointerEnter={() => onPoint(group.key)}
      onPointerLeave={() => onPoint(null)}
    >
      <LoopingClip src={medoid?.clip_url ?? null} poster={medoid?.poster_url ?? null} label={`A typical primitive of ${group.name}`} />
      <span className="medoids" role="group" aria-label={`Typical primitives of ${group.name}`}>
        {group.medoids.length > 1 &&
          group.medoids.map((segment, i) => (
            <button key={segment.id} type="button" aria-label={`Show typical primitive ${i + 1}`} aria-pressed={i === shown} onClick={() => setShown(i)} />
          ))}
      </span>
      <div className="words">
        <div className="card-head">
          <h3 className="row">
            <ClusterSwatch cluster={group.colour} />
            {!editing && (
              <Link to={to} draggable={false} className="clip-text" title={group.name}>
                {group.name}
              </Link>
            )}
          </h3>
          {mayEdit && <GroupName group={group} editing={editing} onEdit={setEditing} onName={onName} />}
          {!editing && (
            <Popover label={`More for ${group.name}`} className="icon-button small" trigger={<Icon name="more" size={14} />}>
              {(close) => (
                <>
                  {group.action && (
                    <button type="button" className="menu-item" onClick={() => (close(), onEdit())}>
                      {mayEdit ? "Edit…" : "About it"}
                    </button>
                  )}
                  {mayEdit && (
                    <>
                      <button type="button" className="menu-item" onClick={() => (close(), setEditing(true))}>
                        Rename
                      </button>
                      <button type="button" className="menu-item" onClick={() => (close(), onMergeInto())}>
                        Merge into…
                      </button>
                      <button type="button" className="menu-item" disabled={group.size < 2} onClick={() => (close(), onSplit())}>
                        Split in two
                      </button>
                    </>
                  )}
                  <button type="button" className="menu-item" onClick={() => (close(), onSelect())}>
                    Select its primitives
                  </button>
                </>
              )}
            </Popover>
          )}
        </div>
        <p className="facts">
          {group.action === null && <span>unnamed</span>}
          <span>{plural(group.size, "primitive")}</span>
          <span>{formatShare(group.share)}</span>
          <span>{plural(group.n_videos, "video")}</span>
          {group.action !== null && group.clusters.length > 1 && <span title={group.clusters.map(({ name }) => name).join(", ")}>{group.clusters.length} clusters</span>}
          <span title={group.clusters.length > 1 ? "Mean of its clusters’ silhouettes, by how many of it are of each" : "Mean silhouette of its primitives, from −1 to 1"}>
            silhouette {formatFigure(group.silhouette, 2)}
          </span>
          <GroupQuality group={group} />
          {selected !== null && <span className={selected > 0 ? "accent-text" : undefined}>{formatCount(selected)} selected</span>}
        </p>
        <GroupCoherence group={group} />
        <div className="durations">
          <span className="small muted">{formatSeconds(group.mean_duration_s)}</span>
          <SparkHistogram
            counts={group.durations_histogram}
            label={`Durations, mean ${formatSeconds(group.mean_duration_s)}, as a histogram of ${group.durations_histogram.length} bins`}
          />
        </div>
      </div>
    </li>
  );
}
