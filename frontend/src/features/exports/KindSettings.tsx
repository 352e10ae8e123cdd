import { useId, type ReactNode } from "react";
import type { Draft } from "./draft";

interface KindSettingsProps {
  kind: Draft["kind"];
  settings: Draft["settings"];
  onChange: (settings: Draft["settings"]) => void;
  /** Of the version: what a cycle can begin with. */
  actions: readonly { id: number; name: string }[];
}

/** What can be chosen for a kind itself. The rest of its settings keep their defaults. */
export function KindSettings({ kind, settings: all, onChange, actions }: KindSettingsProps) {
  switch (kind) {
    case "lerobot": {
      const settings = all.lerobot;
      return (
        <>
          <Choose
            label="An episode is"
            value={settings.episode ?? "primitive"}
            options={[
              ["primitive", "one primitive"],
              ["cycle", "one cycle: primitives in a row"],
            ]}
            onChange={(episode) => onChange({ ...all, lerobot: { ...settings, episode, cycle_action: episode === "cycle" ? settings.cycle_action : null } })}
          />
          {settings.episode === "cycle" && (
            <Choose
              label="A cycle begins with"
              value={String(settings.cycle_action ?? "")}
              options={[["", "the video: all of it is one cycle"], ...actions.map(({ id, name }) => [String(id), `each “${name}”`] as const)]}
              onChange={(action) => onChange({ ...all, lerobot: { ...settings, cycle_action: action === "" ? null : Number(action) } })}
            />
          )}
          <Choose
            label="The column action holds"
            value={settings.action ?? "coordinates"}
            options={[
              ["coordinates", "the code's coordinates: 4 numbers"],
              ["z_q", "z_q: 768 numbers"],
            ]}
            onChange={(action) => onChange({ ...all, lerobot: { ...settings, action } })}
          />
          <Pictures value={settings.long_side_px ?? null} full={false} onChange={(long_side_px) => onChange({ ...all, lerobot: { ...settings, long_side_px: long_side_px ?? 640 } })} />
        </>
      );
    }
    case "language_action": {
      const settings = all.language_action;
      return (
        <>
          <Choose
            label="Layout"
            value={settings.layout ?? "v3"}
            options={[
              ["v3", "LeRobot v3"],
              ["v2.1", "LeRobot v2.1, which LA4VLA reads"],
            ]}
            onChange={(layout) => onChange({ ...all, language_action: { ...settings, layout } })}
          />
          <Choose
            label="Latent actions as"
            value={settings.vectors ?? "coordinates"}
            options={[
              ["coordinates", "coordinates: 4 numbers"],
              ["z_q", "z_q: 768 numbers"],
            ]}
            onChange={(vectors) => onChange({ ...all, language_action: { ...settings, vectors } })}
          />
          <Check checked={settings.drop_objects ?? true} onChange={(drop_objects) => onChange({ ...all, language_action: { ...settings, drop_objects } })}>
            Instructions say “the object” for the objects’ own names
          </Check>
        </>
      );
    }
    case "webdataset": {
      const settings = all.webdataset;
      return (
        <>
          <Choose
            label="A shard has at most"
            value={String(settings.shard_mb ?? 500)}
            options={[
              ["100", "100 MB"],
              ["500", "500 MB"],
              ["1000", "1 GB"],
            ]}
            onChange={(shard) => onChange({ ...all, webdataset: { ...settings, shard_mb: Number(shard) } })}
          />
          <Pictures value={settings.long_side_px ?? null} full onChange={(long_side_px) => onChange({ ...all, webdataset: { ...settings, long_side_px } })} />
        </>
      );
    }
    case "activitynet": {
      const settings = all.activitynet;
      return (
        <Choose
          label="A label is"
          value={settings.label ?? "name"}
          options={[
            ["name", "the action’s name"],
            ["primitive", "its primitive of the taxonomy"],
          ]}
          onChange={(label) => onChange({ ...all, activitynet: { ...settings, label } })}
        />
      );
    }
    case "laps": {
      const settings = all.laps;
      return (
        <>
          <Pictures value={settings.long_side_px ?? null} full onChange={(long_side_px) => onChange({ ...all, laps: { ...settings, long_side_px } })} />
          <Check checked={settings.quantized ?? false} onChange={(quantized) => onChange({ ...all, laps: { ...settings, quantized } })}>
            Also z_q as text, about 1.5 MB a primitive
          </Check>
        </>
      );
    }
  }
}

interface ChooseProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly (readonly [value: Value, words: string])[];
  onChange: (value: Value) => void;
}

export function Choose<Value extends string>({ label, value, options, onChange }: ChooseProps<Value>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="select" value={value} onChange={(event) => onChange(event.target.value as Value)}>
        {options.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

/** The longer side of the pictures. */
function Pictures({ value, full, onChange }: { value: number | null; full: boolean; onChange: (value: number | null) => void }) {
  const sizes: (readonly [string, string])[] = [
    ["320", "320 pixels at most"],
    ["640", "640 pixels at most"],
    ["1280", "1280 pixels at most"],
  ];
  return (
    <Choose
      label="Pictures, on their longer side"
      value={value === null ? "" : String(value)}
      options={full ? [...sizes, ["", "as they are"]] : sizes}
      onChange={(size) => onChange(size === "" ? null : Number(size))}
    />
  );
}

export function Check({ checked, onChange, children }: { checked: boolean; onChange: (checked: boolean) => void; children: ReactNode }) {
  return (
    <label className="export-check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>{children}</span>
    </label>
  );
}
