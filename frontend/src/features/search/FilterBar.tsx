import { useId, type ReactNode } from "react";
import { countFilters, NO_FILTERS, type Filters } from "./address";

export interface Option {
  id: number;
  name: string;
}

interface FilterBarProps {
  filters: Filters;
  onFilters: (filters: Filters) => void;
  runs: readonly Option[];
  videos: readonly Option[];
  views: readonly string[];
  clusters: readonly Option[];
  actions: readonly Option[];
}

const read = (text: string): number | null => (text === "" || !Number.isFinite(Number(text)) ? null : Math.max(0, Number(text)));

export function FilterBar({ filters, onFilters, runs, videos, views, clusters, actions }: FilterBarProps) {
  const id = useId();
  const set = (change: Partial<Filters>) => onFilters({ ...filters, ...change });
  return (
    <form className="search-filters" role="search" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <Choice id={`${id}-run`} name="Run" value={filters.runs[0] ?? null} options={runs} onChange={(run) => set({ runs: run === null ? [] : [run] })} />
      <Choice id={`${id}-video`} name="Video" value={filters.video} options={videos} onChange={(video) => set({ video })} />
      <Field id={`${id}-view`} name="View">
        <select id={`${id}-view`} className="select" value={filters.view ?? ""} onChange={(event) => set({ view: event.target.value || null })}>
          <option value="">Any</option>
          {views.map((view) => (
            <option key={view}>{view}</option>
          ))}
        </select>
      </Field>
      <Choice id={`${id}-action`} name="Action" value={filters.action} options={actions} onChange={(action) => set({ action })} />
      <Choice id={`${id}-cluster`} name="Cluster" value={filters.cluster} options={clusters} onChange={(cluster) => set({ cluster })} />
      <Pair id={`${id}-duration`} name="Duration, s">
        <Figure label="Shortest, in seconds" placeholder="min" value={filters.minDurationS} onChange={(minDurationS) => set({ minDurationS })} />
        <Figure label="Longest, in seconds" placeholder="max" value={filters.maxDurationS} onChange={(maxDurationS) => set({ maxDurationS })} />
      </Pair>
      <Field id={`${id}-quality`} name="Quality from">
        <select id={`${id}-quality`} className="select" value={filters.minQuality ?? ""} onChange={(event) => set({ minQuality: read(event.target.value) })}>
          <option value="">Any</option>
          {[1, 2, 2.5, 3].map((quality) => (
            <option key={quality}>{quality}</option>
          ))}
        </select>
      </Field>
      <Pair id={`${id}-date`} name="Video arrived">
        <input className="input" type="date" aria-label="First day" value={filters.dateFrom ?? ""} onChange={(event) => set({ dateFrom: event.target.value || null })} />
        <input className="input" type="date" aria-label="Last day" value={filters.dateTo ?? ""} onChange={(event) => set({ dateTo: event.target.value || null })} />
      </Pair>
      <label className="check row">
        <input type="checkbox" checked={filters.otherVideos} onChange={(event) => set({ otherVideos: event.target.checked })} />
        Other videos only
      </label>
      <button type="button" className="button quiet" disabled={countFilters(filters) === 0} onClick={() => onFilters(NO_FILTERS)}>
        Clear filters
      </button>
    </form>
  );
}

function Field({ id, name, children }: { id: string; name: string; children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={id}>{name}</label>
      {children}
    </div>
  );
}

function Pair({ id, name, children }: { id: string; name: string; children: ReactNode }) {
  return (
    <div className="field pair">
      <span className="label" id={id}>
        {name}
      </span>
      <span className="row" role="group" aria-labelledby={id}>
        {children}
      </span>
    </div>
  );
}

interface ChoiceProps {
  id: string;
  name: string;
  value: number | null;
  options: readonly Option[];
  onChange: (value: number | null) => void;
}

function Choice({ id, name, value, options, onChange }: ChoiceProps) {
  return (
    <Field id={id} name={name}>
      <select id={id} className="select" value={value ?? ""} onChange={(event) => onChange(read(event.target.value))}>
        <option value="">Any</option>
        {options.map((option) => (
          <option key={option.id} value={option.id}>
            {option.name}
          </option>
        ))}
      </select>
    </Field>
  );
}

function Figure({ label, placeholder, value, onChange }: { label: string; placeholder: string; value: number | null; onChange: (value: number | null) => void }) {
  return (
    <input
      className="input"
      type="number"
      min={0}
      step={0.1}
      aria-label={label}
      placeholder={placeholder}
      value={value ?? ""}
      onChange={(event) => onChange(read(event.target.value))}
    />
  );
}
