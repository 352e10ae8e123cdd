interface ProgressProps {
  /** 0–1, or null while nobody can say. */
  value: number | null;
  label: string;
}

export function Progress({ value, label }: ProgressProps) {
  const share = value === null ? null : Math.min(1, Math.max(0, value));
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      className={share === null ? "progress unknown" : "progress"}
    >
      <span style={share === null ? undefined : { transform: `scaleX(${share})` }} />
    </span>
  );
}
