import { spoken } from "../../lib/words";

/** The frozen configuration of a run, a branch a stage. */
export function Configuration({ config, hash }: { config: Record<string, unknown>; hash: string }) {
  const branches = Object.entries(config).map(([name, branch]) => ({ name, values: isBranch(branch) ? Object.entries(branch) : [["", branch] as const] }));
  return (
    <details className="configuration panel">
      <summary>
        Configuration <code className="small muted">{hash.slice(0, 10)}</code>
      </summary>
      <div className="configuration-branches">
        {branches.map(({ name, values }) => (
          <section key={name} aria-label={spoken(name)}>
            <h3>{spoken(name)}</h3>
            <dl>
              {values.map(([key, value]) => (
                <div key={key}>
                  <dt className="muted">{spoken(key)}</dt>
                  <dd>{written(value)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </details>
  );
}

const isBranch = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function written(value: unknown): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(written).join(", ");
  if (isBranch(value)) return Object.entries(value).map(([key, one]) => `${spoken(key)} ${written(one)}`).join(", ") || "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
