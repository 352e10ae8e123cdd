import type { KeyBinding } from "../../lib/keys";
import { Dialog } from "../Dialog";
import "./player.css";

interface KeySheetProps {
  bindings: readonly KeyBinding[];
  /** What the pointer does beside them. */
  hint?: string;
  onClose: () => void;
}

export function KeySheet({ bindings, hint, onClose }: KeySheetProps) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div className="body">
        <dl className="key-sheet">
          {bindings.map((binding) => (
            <div key={`${binding.shown} ${binding.does}`}>
              <dt>
                {binding.shown.split(" ").map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{binding.does}</dd>
            </div>
          ))}
        </dl>
        {hint && <p className="hint">{hint}</p>}
      </div>
    </Dialog>
  );
}
