import { useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { Link, Navigate, Outlet, useLocation, useNavigate, useParams } from "react-router";
import { ApiError } from "../api/errors";
import { Icon, type IconName } from "../components/Icon";
import { Failed, Skeleton } from "../components/PanelState";
import { KeySheet } from "../components/player/KeySheet";
import { Bell } from "../features/comments/Bell";
import { projectQuery } from "../features/projects/queries";
import { ProjectSwitcher } from "../features/projects/ProjectSwitcher";
import { Jobs } from "../features/runs/Jobs";
import { sessionQuery } from "../features/session/queries";
import { UserMenu } from "../features/session/UserMenu";
import { useTransfers } from "../features/uploads/context";
import { isActive } from "../features/uploads/queue";
import { ConnectionBanner } from "./ConnectionBanner";
import { NotFound } from "./routes/NotFound";
import { keysHere, useKeys, type KeyBinding } from "../lib/keys";
import { paths } from "../lib/paths";
import { useLiveUpdates } from "./liveUpdates";
import "./shell.css";

/** Everything behind the sign-in: header, rail, and the screen. */
export function Shell() {
  const session = useQuery(sessionQuery);
  const location = useLocation();
  const { project: param } = useParams();
  const project = param !== undefined && /^\d+$/.test(param) ? Number(param) : null;
  const signedIn = session.data != null && session.data.user !== null;
  const known = useQuery({ ...projectQuery(project ?? 0), enabled: signedIn && project !== null });
  useLiveUpdates(signedIn ? project : null);

  if (session.isPending) return <div className="shell-wait" role="status" aria-label="Loading…" />;
  if (session.isError && !session.data)
    return (
      <main className="shell-wait">
        <ConnectionBanner />
        <Failed what="Kineme is not there" error={session.error} onRetry={() => void session.refetch()} />
      </main>
    );
  if (!signedIn) {
    const here = location.pathname + location.search;
    return <Navigate replace to={here === "/" || here === "/projects" ? "/signin" : `/signin?next=${encodeURIComponent(here)}`} />;
  }

  const nowhere = project !== null && known.error instanceof ApiError && known.error.status === 404;
  const inside = nowhere ? null : project;
  return (
    <div className={inside === null ? "shell" : "shell with-rail"}>
      <a className="skip button" href="#content">
        Skip to the content
      </a>
      <header className="top">
        <Link to="/projects" className="brand" aria-label="Kineme: all projects">
          <Mark />
          <span>Kineme</span>
        </Link>
        {inside !== null && (
          <>
            <span className="divider" aria-hidden="true">
              <Icon name="right" size={14} />
            </span>
            <ProjectSwitcher project={inside} />
          </>
        )}
        <span className="push" />
        <UploadsNote />
        {inside !== null && <Jobs project={inside} />}
        <Bell />
        <UserMenu />
      </header>
      <ConnectionBanner />
      {inside !== null && <Rail project={inside} />}
      <main id="content" tabIndex={-1}>
        <Suspense fallback={<Waiting />}>{nowhere ? <NotFound /> : <Outlet />}</Suspense>
      </main>
    </div>
  );
}

function Waiting() {
  return (
    <div className="page">
      <Skeleton label="Loading…" height={96} rows={4} />
    </div>
  );
}

/** What the rail leads to. `holds` are the screens that belong to a place, after `/projects/1`. */
const PLACES: { to: string; icon: IconName; name: string; holds: RegExp; apart?: boolean }[] = [
  { to: "", icon: "videos", name: "Videos", holds: /^(\/videos\/.*)?$/ },
  { to: "/runs", icon: "runs", name: "Runs", holds: /^\/(runs(\/\d+)?|compare)$/ },
  { to: "/map", icon: "map", name: "Map", holds: /\/map$/ },
  { to: "/clusters", icon: "projects", name: "Actions", holds: /\/(clusters|coherence|flow|versions)$/ },
  { to: "/search", icon: "search", name: "Search", holds: /^\/search$/ },
  { to: "/review", icon: "review", name: "Review", holds: /^\/(review|runs\/\d+\/review)$/ },
  { to: "/exports", icon: "download", name: "Exports", holds: /^\/exports$/ },
  { to: "/members", icon: "user", name: "Members", holds: /^\/(members|audit)$/, apart: true },
];

function Rail({ project }: { project: number }) {
  const navigate = useNavigate();
  const [sheet, setSheet] = useState<KeyBinding[] | null>(null);
  useKeys(
    [
      { keys: ["/"], shown: "/", does: "Search", run: () => void navigate(paths.search(project)) },
      { keys: ["?"], shown: "?", does: "This sheet", run: () => setSheet(keysHere()) },
    ],
    { last: true },
  );
  const { pathname } = useLocation();
  const screen = pathname.replace(/^\/projects\/\d+/, "").replace(/\/$/, "");
  const here = PLACES.find(({ holds }) => holds.test(screen));
  return (
    <nav className="rail" aria-label="Project">
      {PLACES.map((place) => (
        <Link
          key={place.name}
          to={`/projects/${project}${place.to}`}
          title={place.name}
          className={`${place === here ? "here" : ""} ${place.apart ? "apart" : ""}`}
          aria-current={place === here ? "page" : undefined}
        >
          <Icon name={place.icon} size={20} />
          <span>{place.name}</span>
        </Link>
      ))}
      {sheet && <KeySheet bindings={sheet} onClose={() => setSheet(null)} />}
    </nav>
  );
}

/** Uploads go on while other screens are looked at. */
function UploadsNote() {
  const active = useTransfers().filter(({ state }) => isActive(state));
  if (active.length === 0) return null;
  const total = active.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const sent = active.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  return (
    <Link className="uploads-note small" to={`/projects/${active[0]!.project}`}>
      <Icon name="upload" /> {total > 0 ? Math.floor((sent / total) * 100) : 0} %
    </Link>
  );
}

export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path
        d="M3 20.5h6l2.6-9.5 4.2 13 3.6-9 1.6 5.5H29"
        fill="none"
        stroke="var(--accent)"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
