import type { KeyBinding } from "../../lib/keys";
import { Dialog } from "../Dialog";

export function KeySheet({ bindings, onClose }: { bindings: readonly KeyBinding[]; onClose: () => void }) {
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
        <p className="hint">On the timeline: the wheel zooms at the pointer and a press goes there. A drag over a lane selects a range, at an edge of the selected primitive it moves that edge, on the ruler and the plots it pans.</p>
      </div>
    </Dialog>
  );
}
