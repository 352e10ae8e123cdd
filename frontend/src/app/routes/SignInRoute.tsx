import { useQuery } from "@tanstack/react-query";
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { sessionQuery } from "../../features/session/queries";
import { SignInForm } from "../../features/session/SignInForm";
import { ConnectionBanner } from "../ConnectionBanner";
import { Mark } from "../Shell";
import "../shell.css";
import "./routes.css";
import { useTitle } from "./useTitle";

/** Only a path of our own: an address elsewhere would make the sign-in page a springboard. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : "/projects";
}

export function SignInRoute() {
  useTitle("Sign in");
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const session = useQuery(sessionQuery); // also brings the token the form needs
  const next = safeNext(params.get("next"));

  if (session.data?.user) return <Navigate replace to={next} />;
  return (
    <main className="sign-in">
      <ConnectionBanner />
      <div className="sign-in-card">
        <div className="row">
          <Mark size={32} />
          <h1>Kineme</h1>
        </div>
        <p className="muted">Action primitives, found in the movement itself.</p>
        <SignInForm onSignedIn={() => void navigate(next, { replace: true })} />
      </div>
      <Trace />
    </main>
  );
}

/** The instrument's own picture: a trace crossing its two thresholds, cut where it falls. Decoration only. */
function Trace() {
  const width = 1200;
  const points: string[] = [];
  const on: [number, number][] = [];
  let from: number | null = null;
  for (let x = 0; x <= width; x += 6) {
    const t = x / 100;
    const value = Math.max(0, Math.sin(t * 1.9) * 0.55 + Math.sin(t * 0.7 + 1) * 0.35 + Math.sin(t * 5.3) * 0.1);
    points.push(`${x},${(150 - value * 120).toFixed(1)}`);
    if (value > 0.32 && from === null) from = x;
    if (value < 0.22 && from !== null) {
      on.push([from, x]);
      from = null;
    }
  }
  return (
    <svg className="sign-in-trace" viewBox={`0 0 ${width} 200`} preserveAspectRatio="none" aria-hidden="true">
      <line x1="0" x2={width} y1="111" y2="111" stroke="var(--line-strong)" vectorEffect="non-scaling-stroke" />
      <line x1="0" x2={width} y1="124" y2="124" stroke="var(--line-strong)" strokeDasharray="5 5" vectorEffect="non-scaling-stroke" />
      <polyline points={points.join(" ")} fill="none" stroke="var(--energy)" strokeWidth="2" vectorEffect="non-scaling-stroke" />
      {on.map(([a, b], i) => (
        <rect key={a} x={a} y="172" width={b - a} height="14" fill={`var(--hue-${(i * 5) % 12})`} />
      ))}
    </svg>
  );
}
