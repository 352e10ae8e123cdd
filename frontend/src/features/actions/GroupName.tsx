import { useEffect, useRef, useState } from "react";
import type { Group } from "../../api/types";
import { Icon } from "../../components/Icon";

interface GroupNameProps {
  group: Group;
  editing: boolean;
  onEdit: (editing: boolean) => void;
  onName: (name: string) => void;
}

/** A name to write over in place: Enter keeps it, Escape leaves it. */
export function GroupName({ group, editing, onEdit, onName }: GroupNameProps) {
  const button = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  useEffect(() => {
    if (wasEditing.current && !editing) button.current?.focus();
    wasEditing.current = editing;
  }, [editing]);

  if (!editing)
    return (
      <button ref={button} type="button" className="icon-button small name-button" aria-label={`Name ${group.name}`} title="Name it" onClick={() => onEdit(true)}>
        <Icon name="pencil" size={14} />
      </button>
    );
  return <NameField was={group.action ? group.name : ""} label={`Name of ${group.name}`} onEdit={onEdit} onName={onName} />;
}

function NameField({ was, label, onEdit, onName }: { was: string; label: string; onEdit: (editing: boolean) => void; onName: (name: string) => void }) {
  const [name, setName] = useState(was);
  const [first] = useState(was); // what the person saw: it may be renamed elsewhere meanwhile
  const over = useRef(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const end = (keep: boolean) => {
    if (over.current) return; // taking the field away takes the focus off it
    over.current = true;
    onEdit(false);
    if (keep && name.trim() !== "" && name.trim() !== first) onName(name.trim());
  };
  return (
    <input
      ref={field}
      className="input name-field"
      value={name}
      maxLength={120}
      aria-label={label}
      placeholder="What is done here?"
      onChange={(event) => setName(event.target.value)}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.preventDefault(); // or the same Enter presses the button that the focus goes back to
        end(event.key === "Enter");
      }}
    />
  );
}
