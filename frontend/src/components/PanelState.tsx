import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

interface FailedProps {
  error: Error;
  onRetry?: () => void;
  what?: string;
  small?: boolean;
}

/** What went wrong in the server's words, and a way to try again. */
export function Failed({ error, onRetry, what, small = false }: FailedProps) {
  return (
    <div role="alert" className={small ? "state failed small" : "state failed"}>
      <Icon name="warning" size={small ? 20 : 28} />
      {what && <h3>{what}</h3>}
      <p>{error.message}</p>
      {onRetry && (
        <div className="actions">
          <button type="button" className="button" onClick={onRetry}>
            <Icon name="retry" /> Try again
          </button>
        </div>
      )}
    </div>
  );
}

interface EmptyProps {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  icon?: IconName;
  small?: boolean;
}

/** Why there is nothing here, and the step that fills it. */
export function Empty({ title, children, actions, icon, small = false }: EmptyProps) {
  return (
    <div className={small ? "state small" : "state"}>
      {icon && <Icon name={icon} size={small ? 20 : 32} />}
      <h3>{title}</h3>
      {children && <p>{children}</p>}
      {actions && <div className="actions">{actions}</div>}
    </div>
  );
}

interface SkeletonProps {
  label: string;
  height: number | string;
  rows?: number;
  gap?: number;
  /** Lays the blocks out as the real ones will be. */
  className?: string;
}

/** Keeps the place of what is loading, so that nothing moves when it comes. */
export function Skeleton({ label, height, rows = 1, gap = 8, className }: SkeletonProps) {
  return (
    <div role="status" aria-label={label} className={className} style={className ? undefined : { display: "grid", gap }}>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="skeleton" style={{ height }} />
      ))}
    </div>
  );
}
