import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import type { Version } from "../../api/types";
import { Icon } from "../../components/Icon";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { projectQuery } from "../../features/projects/queries";
import { runsQuery } from "../../features/runs/queries";
import { FreezeDialog } from "../../features/versions/FreezeDialog";
import { versionsQuery } from "../../features/versions/queries";
import { CompareLink, VersionDiff } from "../../features/versions/VersionDiff";
import { VersionList } from "../../features/versions/VersionList";
import "../../features/versions/versions.css";
import { paths } from "../../lib/paths";
import { idFrom, setOrDrop, usePatchSearch } from "../../lib/search";
import "./routes.css";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** Frozen versions of the vocabulary, and what changed between two of them. */
export function VersionsRoute() {
  const project = useIdParam("project");
  const [params] = useSearchParams();
  const patch = usePatchSearch();
  const owner = useQuery(projectQuery(project));
  const runs = useQuery(runsQuery(project));
  const versions = useQuery(versionsQuery(project));
  const [newest, setNewest] = useState<number | null>(null);
  useTitle("Vocabulary", owner.data?.name);

  const mayEdit = owner.data?.role === "manager" || owner.data?.role === "owner";
  const finished = runs.data?.filter((run) => run.status === "done" && run.n_segments > 0) ?? [];
  const freezing = params.has("freeze") && mayEdit;
  const asked = idFrom(params, "freeze"); // a link may name a run that is not finished, or of another project
  const run = finished.find(({ id }) => id === asked)?.id ?? finished[0]?.id ?? null;
  const before = idFrom(params, "a");
  const after = idFrom(params, "b");
  const setFreeze = (value: string | number | null) => patch((search) => setOrDrop(search, "freeze", value));
  const comparing = before !== null && after !== null;

  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{comparing ? "What changed" : "Vocabulary"}</h1>
          <p className="muted">{comparing ? "From one frozen version to another." : "Frozen versions: what exports are made from."}</p>
        </div>
        {comparing && (
          <Link className="button" to={paths.versions(project)}>
            All versions
          </Link>
        )}
        <Link className="button" to={paths.newestClusters(project)}>
          <Icon name="map" /> Actions
        </Link>
        {mayEdit && finished.length > 0 && (
          <button type="button" className="button primary" onClick={() => setFreeze(run)}>
            Freeze…
          </button>
        )}
      </div>

      {versions.isPending ? (
        <Skeleton label="Loading versions…" height={104} rows={3} />
      ) : versions.isError ? (
        <Failed what="The versions could not be read" error={versions.error} onRetry={() => void versions.refetch()} />
      ) : versions.data.length === 0 ? (
        <Empty
          title="No version yet"
          icon="map"
          actions={
            mayEdit && finished.length > 0 ? (
              <button type="button" className="button primary" onClick={() => setFreeze(run)}>
                Freeze the vocabulary
              </button>
            ) : (
              <Link className="button" to={paths.newestClusters(project)}>
                Actions
              </Link>
            )
          }
        >
          When the actions are named and the team agrees, freeze them: a version never changes, and exports are made from it.
        </Empty>
      ) : comparing ? (
        <>
          <div className="version-choice">
            <Choice name="From" value={before} versions={versions.data} onChange={(id) => patch((search) => search.set("a", String(id)))} />
            <CompareLink to={paths.compareVersions(project, after, before)} />
            <Choice name="To" value={after} versions={versions.data} onChange={(id) => patch((search) => search.set("b", String(id)))} />
          </div>
          <VersionDiff
            before={before}
            after={after}
            linkTo={(one, ofRun) => paths.segmentInVideo(project, { id: one.id, run: ofRun, video: one.video, start_s: one.start_s })}
          />
        </>
      ) : (
        <VersionList
          versions={versions.data}
          newest={newest}
          runTo={(id) => paths.clusters(project, id)}
          exportTo={(id) => (mayEdit ? paths.exportVersion(project, id) : null)}
          compareTo={(a, b) => paths.compareVersions(project, a, b)}
        />
      )}

      {freezing && run !== null && (
        <FreezeDialog
          project={project}
          runs={finished}
          run={run}
          onRun={setFreeze}
          onFrozen={(version) => {
            setNewest(version.id);
            patch((search) => ["freeze", "a", "b"].forEach((name) => search.delete(name)));
          }}
          onClose={() => setFreeze(null)}
        />
      )}
    </div>
  );
}

function Choice({ name, value, versions, onChange }: { name: string; value: number; versions: readonly Version[]; onChange: (id: number) => void }) {
  return (
    <label className="field">
      <span className="label">{name}</span>
      <select className="select" value={value} onChange={(event) => onChange(Number(event.target.value))}>
        {!versions.some(({ id }) => id === value) && <option value={value}>another</option>}
        {versions.map((version) => (
          <option key={version.id} value={version.id}>
            {version.number} · {version.name}
          </option>
        ))}
      </select>
    </label>
  );
}
