import type { ReactNode } from "react";

/** A table that may be wider than the page: it scrolls in itself, by keyboard as well. */
export function TableWell({ label, className = "", children }: { label: string; className?: string; children: ReactNode }) {
  return (
    // What scrolls has to be reachable by the tab key.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={`table-well ${className}`} tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  );
}
