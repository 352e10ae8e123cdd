import { useId, useState, type CSSProperties } from "react";

interface SliderProps {
  name: string;
  /** What it does, in a sentence. */
  about: string;
  /** null: none, where `none` names what that means. */
  value: number | null;
  /** As the run has it: marked on the track. */
  own: number | null;
  min: number;
  max: number;
  step: number;
  /** The number is of another kind than the place on the track: a length grows by shares. */
  logarithmic?: boolean;
  /** At the end of the track nothing is limited: "no limit". At its beginning, for `noneAt="min"`. */
  none?: string;
  noneAt?: "min" | "max";
  unit?: string;
  digits?: number;
  onChange: (value: number | null) => void;
}

const PLACES = 400;

/** A slider with its number beside it, both the same value; the run's own value is a tick under the track. */
export function Slider(props: SliderProps) {
  const { name, about, value, own, min, max, step, logarithmic = false, none, noneAt = "max", unit, digits = 2, onChange } = props;
  const id = useId();
  const share = (of: number | null): number => {
    if (of === null) return noneAt === "max" ? 1 : 0;
    const at = Math.min(max, Math.max(min, of));
    return logarithmic ? Math.log(at / min) / Math.log(max / min) : (at - min) / (max - min);
  };
  const valueAt = (place: number): number | null => {
    const at = place / PLACES;
    if (none !== undefined && (noneAt === "max" ? at >= 1 : at <= 0)) return null;
    const raw = logarithmic ? min * (max / min) ** at : min + at * (max - min);
    return Number((Math.round(raw / step) * step).toFixed(6));
  };
  // Whole numbers have a place each; the others share out the track.
  const whole = step >= 1;
  const changed = value !== own;
  return (
    <div className={changed ? "slider changed" : "slider"}>
      <label htmlFor={id} title={about}>
        {name}
      </label>
      <span className="slider-track">
        <input
          id={id}
          type="range"
          min={whole ? min : 0}
          max={whole ? max : PLACES}
          step={1}
          value={whole ? (value ?? min) : Math.round(share(value) * PLACES)}
          aria-valuetext={value === null ? none : `${value.toFixed(whole ? 0 : digits)}${unit ? ` ${unit}` : ""}`}
          title={about}
          style={{ "--share": `${share(value) * 100}%` } as CSSProperties}
          onChange={(event) => {
            const place = Number(event.target.value);
            onChange(whole ? place : valueAt(place));
          }}
        />
        <span className="slider-own" aria-hidden="true">
          <span style={{ left: `${share(own) * 100}%` }} />
        </span>
      </span>
      <NumberField
        label={`${name}, number`}
        text={value === null ? "" : Number(value.toFixed(whole ? 0 : Math.max(digits, 3))).toString()}
        placeholder={none}
        step={step}
        min={noneAt === "min" && none !== undefined ? 0 : min}
        onNumber={(next) => {
          if (next === null) {
            if (none !== undefined) onChange(null);
            return;
          }
          if (none !== undefined && noneAt === "min" && next <= 0) onChange(null);
          else if (next >= min) onChange(whole ? Math.round(next) : next);
        }}
      />
      <span className="unit muted small">{unit}</span>
    </div>
  );
}

interface NumberFieldProps {
  label: string;
  text: string;
  placeholder?: string;
  step: number;
  min: number;
  onNumber: (value: number | null) => void;
}

/** What is being typed is left alone until it is done; what is not a number changes nothing. */
function NumberField({ label, text, placeholder, step, min, onNumber }: NumberFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <input
      className="input"
      type="number"
      inputMode="decimal"
      aria-label={label}
      placeholder={placeholder}
      title={placeholder && text === "" ? placeholder : undefined}
      step={step}
      min={min}
      value={typed ?? text}
      onChange={(event) => {
        setTyped(event.target.value);
        const value = event.target.value.trim() === "" ? null : Number(event.target.value);
        if (value === null || Number.isFinite(value)) onNumber(value);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}
