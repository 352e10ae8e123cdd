/** The code sequence as ticks: equal height, equal code. The numbers are one step away. */
export function CodesStrip({ codes }: { codes: readonly number[] }) {
  if (codes.length === 0) return <p className="small muted">No codes kept.</p>;
  const most = Math.max(...codes.slice(0, 4096), 1);
  const distinct = new Set(codes).size;
  const summary = `${codes.length} codes, ${distinct} different`;
  return (
    <details className="codes">
      <summary aria-label={`${summary}: show the numbers`}>
        <svg viewBox={`0 0 ${Math.max(codes.length, 24)} 20`} preserveAspectRatio="none" role="img" aria-label={summary}>
          {codes.map((code, i) => {
            const height = 4 + (code / most) * 15;
            return <rect key={i} x={i + 0.12} width={0.76} y={20 - height} height={height} fill="var(--energy)" opacity={0.85} />;
          })}
        </svg>
        <span className="hint">{summary}</span>
      </summary>
      <p className="small muted code-numbers">{codes.join(" ")}</p>
    </details>
  );
}
