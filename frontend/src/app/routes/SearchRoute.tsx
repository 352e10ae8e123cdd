import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, useSearchParams } from "react-router";
import type { Run, Segment, Video } from "../../api/types";
import { Icon } from "../../components/Icon";
import { LoopingClip } from "../../components/LoopingClip";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { actionsQuery } from "../../features/search/actions";
import { filtersFrom, NO_FILTERS, subjectFrom, writeFilters, type Filters, type Subject } from "../../features/search/address";
import { ClipDrop } from "../../features/search/ClipDrop";
import { FilterBar } from "../../features/search/FilterBar";
import { HitCard } from "../../features/search/HitCard";
import { exampleQuery, isUnfinished, rangeQuery, searchKeys, uploadClip } from "../../features/search/queries";
import { RangeClip } from "../../features/search/RangeClip";
import { Results } from "../../features/search/Results";
import "../../features/search/search.css";
import { clustersQuery } from "../../features/clusters/queries";
import { projectQuery } from "../../features/projects/queries";
import { runsQuery } from "../../features/runs/queries";
import { segmentQuery } from "../../features/segments/queries";
import { videosQuery } from "../../features/videos/queries";
import { paths } from "../../lib/paths";
import { idFrom, usePatchSearch } from "../../lib/search";
import { formatSeconds, formatTime } from "../../lib/time";
import { DiscoverStep } from "./DiscoverStep";
import { useIdParam } from "./useIdParam";
import { useTitle } from "./useTitle";

/** Search by movement: from a primitive, from a stretch of a video, from a clip somebody brings. */
export function SearchRoute() {
  const project = useIdParam("project");
  const [params] = useSearchParams();
  const patch = usePatchSearch();
  const client = useQueryClient();
  const owner = useQuery(projectQuery(project));
  const runs = useQuery(runsQuery(project));
  const videos = useQuery(videosQuery(project));
  const actions = useQuery(actionsQuery(project));
  useTitle("Search", owner.data?.name);

  const subject = subjectFrom(params);
  const filters = filtersFrom(params);
  const finished = runs.data?.filter((run) => run.status === "done") ?? [];
  const by = idFrom(params, "by");
  const clipRun = finished.find((run) => run.id === by) ?? finished[0];
  const ofRun = filters.runs[0] ?? finished[0]?.id;
  const clusters = useQuery({ ...clustersQuery(ofRun ?? 0), enabled: ofRun !== undefined });

  const found = useSubject(project, subject);
  const setFilters = (next: Filters) => patch((search) => writeFilters(search, next));
  const upload = useMutation({
    mutationFn: ({ run, clip }: { run: number; clip: File }) => uploadClip(project, run, clip),
    onSuccess: (example) => {
      client.setQueryData(searchKeys.example(example.id), example);
      patch(
        (search) => {
          for (const name of ["like", "run", "video", "from", "to"]) search.delete(name);
          search.set("example", example.id);
        },
        { push: true },
      );
    },
  });
  const mayUpload = owner.data !== undefined && owner.data.role !== "viewer";

  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // "/" leads here from everywhere: the next Tab goes to the first control.
    head.current?.focus({ preventScroll: true });
  }, []);

  return (
    <div className="page search-page">
      <div className="page-head">
        <div>
          <h1 ref={head} tabIndex={-1}>
            Search
          </h1>
          <p className="muted">Finds what moves alike, whatever it looks like.</p>
        </div>
      </div>
      {runs.isPending ? (
        <Skeleton label="Loading…" height={96} rows={2} />
      ) : runs.isError ? (
        <Failed what="The runs could not be read" error={runs.error} onRetry={() => void runs.refetch()} />
      ) : finished.length === 0 ? (
        <Empty
          title="Nothing has been discovered yet"
          icon="search"
          actions={
            runs.data.length === 0 ? (
              <DiscoverStep project={project} />
            ) : (
              <Link className="button" to={paths.runs(project)}>
                See the runs
              </Link>
            )
          }
        >
          Searching compares primitives, and those come from a finished run.
        </Empty>
      ) : (
        <>
          {subject === null ? (
            <div className="row wrap">
              <p>
                Search from a primitive (<em>more like this</em>, or <em>Similar</em> beside a video), from a stretch of a video (drag over its
                timeline), or from a clip of your own.
              </p>
              <Link className="button" to={paths.newestMap(project)}>
                Choose one on the map
              </Link>
            </div>
          ) : (
            <SubjectPanel project={project} subject={subject} found={found} videos={videos.data} />
          )}
          {mayUpload && clipRun && (
            <ClipDrop
              busy={upload.isPending}
              error={upload.error?.message ?? null}
              onClip={(clip) => upload.mutate({ run: clipRun.id, clip })}
            />
          )}
          {subject !== null && (
            <>
              <FilterBar
                filters={filters}
                onFilters={setFilters}
                runs={finished.map((run) => ({ id: run.id, name: `Run ${run.number}` }))}
                videos={videos.data?.map((video) => ({ id: video.id, name: video.title })) ?? []}
                views={[...new Set(videos.data?.map((video) => video.view).filter((view) => view !== ""))].sort()}
                clusters={clusters.data?.map((cluster) => ({ id: cluster.index, name: cluster.name })) ?? []}
                actions={actions.data?.map((action) => ({ id: action.id, name: action.name })) ?? []}
              />
              {found.ready && (
                <Results
                  kind={found.kind}
                  id={found.id}
                  filters={filters}
                  onClear={() => setFilters(NO_FILTERS)}
                  actions={(segments) => <MapLink project={project} segments={segments} />}
                  card={(segment, distance) => (
                    <HitCard
                      key={segment.id}
                      segment={segment}
                      distance={distance}
                      run={finished.length > 1 ? runName(finished, segment.run) : null}
                      videoTo={paths.segmentInVideo(project, segment)}
                      mapTo={paths.inMap(project, segment.run, [segment.id])}
                      likeTo={paths.searchLike(project, segment.id)}
                    />
                  )}
                />
              )}
            </>
          )}
        </>
      )}
    </div>
  );
}

const runName = (runs: readonly Run[], id: number): string => `run ${runs.find((run) => run.id === id)?.number ?? "?"}`;

/** A map is of one run: the one most of them are of. */
function MapLink({ project, segments }: { project: number; segments: readonly Segment[] }) {
  const run = segments[0]?.run;
  if (run === undefined) return null;
  const ids = segments.filter((segment) => segment.run === run).map((segment) => segment.id);
  return (
    <Link className="button small" to={paths.inMap(project, run, ids.slice(0, 200))}>
      <Icon name="map" /> Show these in the map
    </Link>
  );
}

interface Found {
  kind: "segment" | "example";
  id: number | string | null;
  /** Whether it can be compared. */
  ready: boolean;
  state: "waiting" | "ready" | "failed";
  error: Error | null;
  retry: () => void;
  segment?: Segment;
  filename?: string;
}

/** Turns what the address names into something with a vector. */
function useSubject(project: number, subject: Subject | null): Found {
  const range = useQuery({
    ...rangeQuery(project, subject?.kind === "range" ? subject : { kind: "range", run: 0, video: 0, fromS: 0, toS: 0 }),
    enabled: subject?.kind === "range",
  });
  const exampleId = subject?.kind === "example" ? subject.id : subject?.kind === "range" ? range.data?.id : undefined;
  const example = useQuery({ ...exampleQuery(exampleId ?? ""), enabled: exampleId !== undefined });
  const segment = useQuery({ ...segmentQuery(subject?.kind === "segment" ? subject.id : 0), enabled: subject?.kind === "segment" });

  if (subject?.kind === "segment")
    return {
      kind: "segment",
      id: subject.id,
      ready: segment.isSuccess,
      state: segment.isError ? "failed" : segment.isSuccess ? "ready" : "waiting",
      error: segment.error,
      retry: () => void segment.refetch(),
      segment: segment.data,
    };
  const failed = example.data?.status === "failed";
  const error = range.error ?? example.error ?? (failed ? new Error(example.data?.reason) : null);
  const ready = example.data !== undefined && !failed && !isUnfinished(example.data);
  return {
    kind: "example",
    id: exampleId ?? null,
    ready,
    state: error ? "failed" : ready ? "ready" : "waiting",
    error,
    retry: () => void (range.isEnabled ? range.refetch() : example.refetch()),
    filename: example.data?.filename,
  };
}

function SubjectPanel({ project, subject, found, videos }: { project: number; subject: Subject; found: Found; videos: readonly Video[] | undefined }) {
  const range = subject.kind === "range" ? subject : null;
  const video = range ? videos?.find((one) => one.id === range.video) : undefined;
  const segment = found.segment;
  const plain = subject.kind === "example";
  return (
    <section className={plain ? "search-subject panel plain" : "search-subject panel"} aria-label="Searched by">
      {range && video?.browser_url && (
        <RangeClip src={video.browser_url} fromS={range.fromS} toS={range.toS} label={`${video.title}, ${formatTime(range.fromS)} to ${formatTime(range.toS)}`} />
      )}
      {range && !video?.browser_url && <span className="clip" />}
      {subject.kind === "segment" && <LoopingClip src={segment?.clip_url ?? null} poster={segment?.poster_url ?? null} label="The primitive searched by" />}
      <div>
        <h2>
          {range
            ? `${formatTime(range.fromS)} – ${formatTime(range.toS)}`
            : subject.kind === "segment"
              ? segment
                ? `Primitive ${segment.index + 1} of ${segment.video_title}`
                : "A primitive"
              : found.filename || "A clip"}
        </h2>
        <p className="facts">
          {range && (
            <>
              <span>{video?.title ?? "a video"}</span>
              <span>{formatSeconds(range.toS - range.fromS)}</span>
            </>
          )}
          {segment && (
            <>
              <span>{segment.action?.name ?? (segment.cluster === null ? "no cluster" : `Cluster ${segment.cluster + 1}`)}</span>
              <span>
                {formatTime(segment.start_s)} – {formatTime(segment.end_s)}
              </span>
              <span>{formatSeconds(segment.duration_s)}</span>
            </>
          )}
          {subject.kind === "example" && <span>an uploaded clip</span>}
        </p>
        {segment && (
          <p className="row wrap">
            <Link className="button small" to={paths.segmentInVideo(project, segment)}>
              <Icon name="videos" /> Open in video
            </Link>
            <Link className="button small" to={paths.inMap(project, segment.run, [segment.id])}>
              <Icon name="map" /> Open in map
            </Link>
          </p>
        )}
        {range && (
          <p>
            <Link className="button small" to={`/projects/${project}/videos/${range.video}?run=${range.run}&t=${range.fromS.toFixed(3)}`}>
              <Icon name="videos" /> Open in video
            </Link>
          </p>
        )}
        {found.state === "waiting" && (
          <p role="status" className="muted">
            {plain ? "The clip is being looked at…" : "Turning the movement into a vector…"}
          </p>
        )}
        {found.state === "failed" && found.error && <Failed small what="This cannot be searched by" error={found.error} onRetry={found.retry} />}
      </div>
    </section>
  );
}
