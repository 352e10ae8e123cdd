import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { ApiError } from "../../api/errors";
import { Icon } from "../../components/Icon";
import { ExportList } from "../../features/exports/ExportList";
import { NewExportDialog } from "../../features/exports/NewExportDialog";
import { projectQuery } from "../../features/projects/queries";
import { versionsQuery } from "../../features/versions/queries";
import { idFrom, usePatchSearch } from "../../lib/search";
import { NotFound } from "./NotFound";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

export function ExportsRoute() {
  const id = useIdParam("project");
  const project = useQuery(projectQuery(id));
  const [params] = useSearchParams();
  const patchSearch = usePatchSearch();
  useTitle("Exports", project.data?.name);

  const mayExport = project.data?.role === "manager" || project.data?.role === "owner";
  const version = idFrom(params, "version"); // a link from a version asks at once
  const asking = params.get("new") === "1" || version !== null;
  const versions = useQuery({ ...versionsQuery(id), enabled: asking });
  const setAsking = (open: boolean) =>
    patchSearch(
      (next) => {
        if (open) next.set("new", "1");
        else ["new", "version"].forEach((name) => next.delete(name));
      },
      { push: open },
    );
  if (project.error instanceof ApiError && project.error.status === 404) return <NotFound />;

  const button = (
    <button type="button" className="button primary" onClick={() => setAsking(true)}>
      <Icon name="plus" /> New export
    </button>
  );
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Exports</h1>
          <p className="muted">Reviewed primitives in the forms trainers load. The same version and filter give the same bytes.</p>
        </div>
        {mayExport && button}
      </div>
      <ExportList
        project={id}
        mayExport={mayExport}
        open={params.get("open")}
        onOpen={(open) => patchSearch((next) => (open === null ? next.delete("open") : next.set("open", open)))}
        step={mayExport ? button : undefined}
      />
      {mayExport && asking && (
        <NewExportDialog
          project={id}
          versions={versions}
          version={version}
          onClose={() => setAsking(false)}
          onAsked={() => setAsking(false)}
        />
      )}
    </div>
  );
}
