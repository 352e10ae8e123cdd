import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Mention } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Failed, Skeleton } from "../../components/PanelState";
import { Popover } from "../../components/Popover";
import { paths } from "../../lib/paths";
import { formatAgo, formatTime } from "../../lib/time";
import { formatCount, plural } from "../../lib/words";
import { useMentionsSeen } from "./mutations";
import { mentionsQuery } from "./queries";
import "./comments.css";

/** Who named you in a comment, in any of your projects; each leads to its moment. */
export function Bell() {
  const mentions = useQuery(mentionsQuery);
  const seen = useMentionsSeen();
  const unseen = mentions.data?.unseen ?? 0;
  return (
    <Popover
      label={unseen > 0 ? `Mentions: ${formatCount(unseen)} new` : "Mentions"}
      className="icon-button bell"
      panelClassName="bell-panel"
      trigger={
        <>
          <Icon name="bell" size={18} />
          {unseen > 0 && <span className="bell-count">{unseen > 99 ? "99+" : unseen}</span>}
        </>
      }
    >
      {(close) =>
        mentions.isPending ? (
          <Skeleton label="Loading mentions…" height={48} rows={2} />
        ) : mentions.isError ? (
          <Failed small what="The mentions could not be read" error={mentions.error} onRetry={() => void mentions.refetch()} />
        ) : mentions.data.results.length === 0 ? (
          <p className="menu-note muted">Nobody has named you in a comment yet.</p>
        ) : (
          <>
            <p className="menu-note row">
              <span className="muted small">{unseen === 0 ? "All seen" : plural(unseen, "new mention")}</span>
              {unseen > 0 && (
                <button type="button" className="link-button small push" onClick={() => seen.mutate(undefined)} disabled={seen.isPending}>
                  Mark all as seen
                </button>
              )}
            </p>
            <ul className="bell-list">
              {mentions.data.results.map((mention) => (
                <MentionRow
                  key={mention.id}
                  mention={mention}
                  onOpen={() => {
                    if (mention.seen_at === null) seen.mutate([mention.id]);
                    close();
                  }}
                />
              ))}
            </ul>
          </>
        )
      }
    </Popover>
  );
}

function MentionRow({ mention, onOpen }: { mention: Mention; onOpen: () => void }) {
  return (
    <li>
      <Link to={paths.moment(mention.project, mention.video, mention.time_s, mention)} className={mention.seen_at === null ? "menu-item unseen" : "menu-item"} onClick={onOpen}>
        <span className="row small">
          <bdi className="strong clip-text">{mention.by}</bdi>
          <span className="muted one-line">{formatAgo(mention.at)}</span>
        </span>
        {mention.text === null ? (
          <span className="muted small">About a primitive you have not judged yet: the words show once you have.</span>
        ) : (
          <span className="bell-text" dir="auto">
            {mention.text}
          </span>
        )}
        <span className="muted small clip-text">
          {formatTime(mention.time_s)} · <bdi>{mention.video_title}</bdi> · <bdi>{mention.project_name}</bdi>
        </span>
      </Link>
    </li>
  );
}
