import { useQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import type { Comment } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { formatAgo, formatTime } from "../../lib/time";
import { CommentBox } from "./CommentBox";
import { useChangeComment, useDeleteComment, useWriteComment } from "./mutations";
import { pieces } from "./naming";
import { commentsQuery, type About } from "./queries";
import "./comments.css";

interface CommentsProps {
  project: number;
  about: About;
  role: "viewer" | "reviewer" | "manager" | "owner" | undefined;
  /** The moment a new comment stands at. */
  now: () => number;
  onSeek: (timeS: number) => void;
  /** What an empty list says to who may write. */
  whenEmpty?: string;
}

/** What was said here, in order, and where to say more. Reused by the review screen. */
export function Comments({ project, about, role, now, onSeek, whenEmpty = "What you write stands at the moment the playhead is at." }: CommentsProps) {
  const comments = useQuery(commentsQuery(about));
  const write = useWriteComment(about);
  const [withResolved, setWithResolved] = useState(false);
  const mayWrite = role !== undefined && role !== "viewer";
  const mayManage = role === "manager" || role === "owner";
  const subject = "video" in about ? `video ${about.video}` : `segment ${about.segment}`;
  const results = comments.data?.results ?? [];
  const n = results.filter(({ resolved_at }) => resolved_at !== null).length;
  const shown = withResolved ? results : results.filter(({ resolved_at }) => resolved_at === null);
  return (
    <section className="comments" aria-label="Comments">
      {mayWrite && (
        <CommentBox
          key={subject}
          draft={subject}
          project={project}
          label={"video" in about ? "Comment on this moment" : "Comment on this primitive"}
          verb="Comment"
          busy={write.isPending}
          error={write.error}
          onSend={(text, sent) => write.mutate({ text, timeS: now() }, { onSuccess: sent })}
        />
      )}
      {comments.isPending ? (
        <Skeleton label="Loading comments…" height={56} rows={3} />
      ) : comments.isError ? (
        <Failed small what="The comments could not be read" error={comments.error} onRetry={() => void comments.refetch()} />
      ) : results.length === 0 ? (
        <Empty small title="No comments yet">
          {mayWrite ? whenEmpty : "Reviewers write what they notice here."}
        </Empty>
      ) : (
        <>
          <ul className="comment-list">
            {shown.map((comment) => (
              <CommentRow key={comment.id} project={project} comment={comment} mayWrite={mayWrite} mayManage={mayManage} onSeek={onSeek} />
            ))}
          </ul>
          {n > 0 && (
            <button type="button" className="link-button small" onClick={() => setWithResolved((before) => !before)}>
              {withResolved ? "Hide what is resolved" : `Show ${n} resolved`}
            </button>
          )}
        </>
      )}
    </section>
  );
}

interface CommentRowProps {
  project: number;
  comment: Comment;
  mayWrite: boolean;
  mayManage: boolean;
  onSeek: (timeS: number) => void;
}

function CommentRow({ project, comment, mayWrite, mayManage, onSeek }: CommentRowProps) {
  const change = useChangeComment();
  const remove = useDeleteComment();
  const [editing, setEditing] = useState(false);
  const isDeleted = comment.deleted_at !== null;
  const isResolved = comment.resolved_at !== null;
  const what = `comment of ${comment.by.name} at ${formatTime(comment.time_s)}`;
  return (
    <li className={isResolved ? "comment resolved" : "comment"}>
      <p className="row small">
        <button type="button" className="link-button" onClick={() => onSeek(comment.time_s)} aria-label={`Go to ${formatTime(comment.time_s)}`}>
          {formatTime(comment.time_s)}
        </button>
        <bdi className="strong clip-text">{comment.by.name}</bdi>
        <span className="muted one-line" title={comment.at}>
          {formatAgo(comment.at)}
          {comment.edited_at && !isDeleted ? ", edited" : ""}
        </span>
        {comment.segment !== null && <span className="badge push">primitive</span>}
      </p>
      {isDeleted ? (
        <p className="muted">This comment was deleted.</p>
      ) : editing ? (
        <CommentBox
          project={project}
          label="Your comment"
          verb="Save"
          initial={comment.text}
          busy={change.isPending}
          error={change.error}
          onSend={(text) => change.mutate({ id: comment.id, text }, { onSuccess: () => setEditing(false) })}
          onCancel={() => setEditing(false)}
        />
      ) : (
        <p className="comment-text" dir="auto">
          {pieces(comment.text, comment.mentions).map((part, i) => (
            <Fragment key={i}>{part.isName ? <span className="mention">{part.text}</span> : part.text}</Fragment>
          ))}
        </p>
      )}
      {isResolved && comment.resolved_by && (
        <p className="muted small">
          resolved by <bdi>{comment.resolved_by}</bdi>
        </p>
      )}
      {(change.error && !editing) || remove.error ? (
        <p role="alert" className="notice bad">
          <Icon name="warning" /> {(change.error ?? remove.error)?.message}
        </p>
      ) : null}
      {!isDeleted && !editing && mayWrite && (
        <p className="row comment-actions">
          <button type="button" className="button small quiet" disabled={change.isPending} onClick={() => change.mutate({ id: comment.id, resolved: !isResolved })} aria-label={`${isResolved ? "Open again" : "Resolve"}: ${what}`}>
            {isResolved ? "Open again" : "Resolve"}
          </button>
          {comment.mine && (
            <button type="button" className="button small quiet" onClick={() => setEditing(true)} aria-label={`Edit: ${what}`}>
              Edit
            </button>
          )}
          {(comment.mine || mayManage) && (
            <button type="button" className="button small quiet" disabled={remove.isPending} onClick={() => remove.mutate(comment.id)} aria-label={`Delete: ${what}`}>
              Delete
            </button>
          )}
        </p>
      )}
    </li>
  );
}
