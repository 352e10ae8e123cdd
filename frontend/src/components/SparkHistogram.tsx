interface SparkHistogramProps {
  counts: readonly number[];
  label: string;
}

export function SparkHistogram({ counts, label }: SparkHistogramProps) {
  const most = Math.max(1, ...counts);
  return (
    <svg className="spark" viewBox={`0 0 ${Math.max(1, counts.length)} 10`} preserveAspectRatio="none" role="img" aria-label={label}>
      {counts.map((count, i) => {
        const height = count === 0 ? 0.4 : 1 + (count / most) * 9;
        return <rect key={i} x={i + 0.08} width={0.84} y={10 - height} height={height} fill={count === 0 ? "var(--line-strong)" : "var(--muted)"} />;
      })}
    </svg>
  );
}
