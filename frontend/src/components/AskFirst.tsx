import type { ReactNode } from "react";
import { Popover } from "./Popover";

interface AskFirstProps {
  label: string;
  trigger: ReactNode;
  className?: string;
  /** What follows from it, as a sentence. */
  what: string;
  yes: string;
  pending: boolean;
  onYes: () => void;
}

/** A small thing that cannot be undone: its button asks once, in place. What takes much with it has a dialog. */
export function AskFirst({ label, trigger, className = "button small danger", what, yes, pending, onYes }: AskFirstProps) {
  return (
    <Popover label={label} trigger={trigger} className={className} panelClassName="ask-first">
      {(close) => (
        <>
          <p>{what}</p>
          <div className="row">
            <button
              type="button"
              className="button small danger"
              disabled={pending}
              onClick={() => {
                onYes();
                close();
              }}
            >
              {yes}
            </button>
            <button type="button" className="button small quiet" onClick={close}>
              Keep it
            </button>
          </div>
        </>
      )}
    </Popover>
  );
}
