import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";
import { cluster, group, preset, project, run, segment, session, stage, unfinished, video } from "../testing/fixtures";
import { encodeMap, mapOf } from "../testing/map";
import { renderApp } from "../testing/render";
import { server } from "../testing/server";
import { makeQueryClient } from "./queryClient";

const get = (path: string, body: unknown) => http.get(`*${path}`, () => HttpResponse.json(body as object));

/** A signed-in owner of one quiet project; each test adds what it is about. */
beforeEach(() => {
  server.use(
    get("/api/session/", session()),
    get("/api/projects/", [project()]),
    get("/api/projects/1/", project()),
    get("/api/projects/1/videos/", []),
    get("/api/projects/1/runs/", []),
    get("/api/projects/1/stages/", []),
    get("/api/projects/1/uploads/", []),
    get("/api/presets/", [preset(), preset({ name: "paper", title: "Paper", default: false })]),
  );
});

test("nobody signed in is led to the sign-in page, and back to where they wanted to be", async () => {
  let user: object | null = null;
  server.use(
    http.get("*/api/session/", () => HttpResponse.json({ ...session(), user })),
    http.post("*/api/auth/login/", async ({ request }) => {
      const body = (await request.json()) as { password: string };
      if (body.password !== "right") return HttpResponse.json({ code: "invalid_credentials", message: "No." }, { status: 400 });
      user = session().user!;
      return HttpResponse.json(session());
    }),
  );
  const { router } = renderApp("/projects/1/runs?x=1");
  await userEvent.type(await screen.findByLabelText("User name"), "owner");
  expect(router.state.location.pathname).toBe("/signin");

  await userEvent.type(screen.getByLabelText("Password"), "wrong");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("do not go together");

  await userEvent.clear(screen.getByLabelText("Password"));
  await userEvent.type(screen.getByLabelText("Password"), "right");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("heading", { name: "Runs" })).toBeInTheDocument();
  expect(router.state.location.pathname + router.state.location.search).toBe("/projects/1/runs?x=1");
});

test("a session that ended meanwhile leads to the sign-in page", async () => {
  let user = session().user;
  server.use(
    http.get("*/api/session/", () => HttpResponse.json({ ...session(), user })),
    http.get("*/api/projects/", () => {
      user = null;
      return HttpResponse.json({ code: "not_authenticated", message: "Sign in first." }, { status: 401 });
    }),
  );
  renderApp("/projects", makeQueryClient());
  expect(await screen.findByLabelText("Password")).toBeInTheDocument();
});

test("a panel that failed says why and tries again", async () => {
  let broken = true;
  server.use(
    http.get("*/api/projects/", () =>
      broken
        ? HttpResponse.json({ code: "restoring", message: "The database is being restored." }, { status: 409 })
        : HttpResponse.json([project()]),
    ),
  );
  renderApp("/projects");
  expect(await screen.findByRole("alert")).toHaveTextContent("The database is being restored.");
  broken = false;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("link", { name: "Motor line 3" })).toBeInTheDocument();
});

test("a server that is away is told in one banner, which goes when it is back", async () => {
  let away = true;
  server.use(http.get("*/api/projects/", () => (away ? HttpResponse.error() : HttpResponse.json([project()]))));
  server.use(http.get("*/api/mentions/", () => (away ? HttpResponse.error() : HttpResponse.json({ unseen: 0, results: [] }))));
  renderApp("/projects");
  expect(await screen.findByText(/The server does not answer. Trying again/)).toBeInTheDocument();
  away = false;
  expect(await screen.findByRole("link", { name: "Motor line 3" })).toBeInTheDocument();
  expect(screen.queryByText(/Trying again; nothing is lost/)).not.toBeInTheDocument();
});

test("an address that is nothing says so", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined); // the router reports what the error screen caught
  renderApp("/projects/abc");
  expect(await screen.findByText("Nothing is at this address")).toBeInTheDocument();
});

test("a project that is nobody's, or not yours, says so on every screen and offers none of its places", async () => {
  const nothing = () => HttpResponse.json({ code: "not_found", message: "There is nothing here, or it is not yours to see." }, { status: 404 });
  server.use(http.get("*/api/projects/99/*", nothing));
  renderApp("/projects/99/map");
  expect(await screen.findByRole("heading", { name: "Nothing is at this address" })).toBeInTheDocument();
  expect(screen.queryByRole("navigation", { name: "Project" })).not.toBeInTheDocument();
});

test.each(["runs", "map", "clusters", "review", "search", "compare"])("%s of a project without videos leads to where they are added", async (place) => {
  server.use(get("/api/projects/1/", project({ n_videos: 0 })), get("/api/projects/1/actions/", []));
  renderApp(`/projects/1/${place}`);
  expect(await screen.findByRole("link", { name: "Add videos" })).toHaveAttribute("href", "/projects/1");
});

test("who may not start a run is shown the videos instead", async () => {
  server.use(get("/api/projects/1/", project({ role: "reviewer" })));
  renderApp("/projects/1/map");
  expect(await screen.findByRole("link", { name: "See the videos" })).toBeInTheDocument();
  expect(screen.queryByRole("link", { name: "Discover primitives" })).not.toBeInTheDocument();
});

test("? lists the keys of the screen one is on", async () => {
  renderApp("/projects/1/runs");
  await screen.findByText("No runs yet");
  await userEvent.keyboard("?");
  const sheet = within(await screen.findByRole("dialog", { name: "Keys" }));
  expect(sheet.getByText("Search")).toBeInTheDocument();
  await userEvent.click(sheet.getByRole("button", { name: "Close" }));
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
});

test("the sample project shows by itself when it has been made", async () => {
  let made = false;
  server.use(http.get("*/api/projects/", () => HttpResponse.json(made ? [project({ name: "Sample" })] : [])));
  renderApp("/projects");
  expect(await screen.findByText("No projects yet")).toBeInTheDocument();
  made = true;
  expect(await screen.findByRole("link", { name: /Sample/ }, { timeout: 6_000 })).toBeInTheDocument();
});

test("an empty project says what would fill it", async () => {
  renderApp("/projects/1");
  expect(await screen.findByText("No videos yet")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Discover" })).toBeDisabled();
});

test("a viewer is offered nothing that would be refused", async () => {
  server.use(get("/api/projects/1/", project({ role: "viewer" })), get("/api/projects/1/videos/", [video()]));
  renderApp("/projects/1");
  expect(await screen.findByRole("link", { name: "cam1.mp4" })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Discover" })).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /Remove/ })).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Choose files" })).not.toBeInTheDocument();
});

test("each video says how it stands", async () => {
  server.use(
    get("/api/projects/1/videos/", [
      video({ id: 1, title: "good.mp4", n_segments: 41 }),
      video({ id: 2, title: "new.mp4", status: "preparing", progress: 0.25, browser_url: null }),
      video({ id: 3, title: "notes.mp4", status: "failed", reason: "no video stream", browser_url: null }),
      video({ id: 4, title: "in-a-run.mp4" }),
    ]),
    get("/api/projects/1/stages/", [
      stage({ id: 9, video: 4, status: "running", progress: 0.715, message: "window 12 of 17" }),
    ]),
  );
  renderApp("/projects/1");
  const row = async (title: string) => within((await screen.findByText(title)).closest("li")!);
  expect((await row("good.mp4")).getByText("41 primitives")).toBeInTheDocument();
  expect((await row("new.mp4")).getByRole("progressbar")).toHaveAttribute("aria-valuenow", "25");
  expect((await row("notes.mp4")).getByText("no video stream")).toBeInTheDocument();
  expect((await row("notes.mp4")).queryByRole("link")).not.toBeInTheDocument();
  expect((await row("in-a-run.mp4")).getByText("71 %")).toBeInTheDocument();
});

test("a video is removed only after a second word", async () => {
  let removed = 0;
  let videos = [video()];
  server.use(
    http.get("*/api/projects/1/videos/", () => HttpResponse.json(videos)),
    http.delete("*/api/videos/1/", () => {
      removed += 1;
      videos = [];
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderApp("/projects/1");
  await userEvent.click(await screen.findByRole("button", { name: "Remove cam1.mp4" }));
  expect(removed).toBe(0);
  await userEvent.click(screen.getByRole("button", { name: "Remove video" }));
  expect(await screen.findByText("No videos yet")).toBeInTheDocument();
  expect(removed).toBe(1);
});

test("an upload begun before a reload is offered again, and only its own file continues it", async () => {
  server.use(get("/api/projects/1/uploads/", [unfinished({ filename: "shift.mp4", size_bytes: 5, offset_bytes: 2 })]));
  renderApp("/projects/1");
  expect(await screen.findByText(/Choose the file again to continue/)).toBeInTheDocument();
  await userEvent.upload(screen.getByLabelText("Choose shift.mp4 again"), new File(["other"], "other.mp4", { type: "video/mp4" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("That is another file: this one is shift.mp4, 5 B.");
});

test("Discover starts a run with what was chosen, and shows it", async () => {
  let asked: unknown;
  server.use(
    get("/api/projects/1/videos/", [video()]),
    http.post("*/api/projects/1/runs/", async ({ request }) => {
      asked = await request.json();
      return HttpResponse.json(run({ id: 8, number: 8, status: "queued", n_clusters_found: 0 }), { status: 201 });
    }),
    get("/api/runs/8/", run({ id: 8, number: 8, status: "queued", n_clusters_found: 0 })),
    get("/api/runs/8/stages/", []),
  );
  renderApp("/projects/1");
  await waitFor(() => expect(screen.getByRole("button", { name: "Discover" })).toBeEnabled());
  await userEvent.click(screen.getByRole("button", { name: "Discover" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.click(await dialog.findByRole("radio", { name: /Paper/ }));
  await userEvent.click(dialog.getAllByRole("radio", { name: "Choose" })[0]!);
  await userEvent.clear(dialog.getByLabelText("Number of clusters"));
  await userEvent.type(dialog.getByLabelText("Number of clusters"), "12");
  await userEvent.click(dialog.getByRole("button", { name: "Discover" }));
  expect(await screen.findByRole("heading", { name: /Run 8/ })).toBeInTheDocument();
  expect(asked).toEqual({ preset: "paper", n_clusters: 12, theta_on: null, tracker: "flow", cluster_by: "embedding", tokenizer_run: null });
});

test("a run that may not start says why, and the form keeps what was chosen", async () => {
  server.use(
    get("/api/projects/1/videos/", [video()]),
    http.post("*/api/projects/1/runs/", () =>
      HttpResponse.json({ code: "run_already_active", message: "This configuration is already running." }, { status: 409 }),
    ),
  );
  renderApp("/projects/1?discover=1");
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.click(await dialog.findByRole("radio", { name: /Paper/ }));
  await userEvent.click(dialog.getByRole("button", { name: "Discover" }));
  expect(await dialog.findByRole("alert")).toHaveTextContent("This configuration is already running.");
  expect(dialog.getByRole("radio", { name: /Paper/ })).toBeChecked();
});

test("a run shows where each video is, why one failed, and can be retried", async () => {
  let retried = false;
  server.use(
    http.get("*/api/runs/7/", () => HttpResponse.json(run({ status: retried ? "running" : "failed", reason: "cam2.mp4: nothing moved", can_retry: !retried }))),
    get("/api/runs/7/stages/", [
      stage({ id: 1, stage: "track", status: "done", reused: true }),
      stage({ id: 2, video: 2, video_title: "cam2.mp4", stage: "track", status: "failed", reason: "nothing moved", attempt: 3 }),
      stage({ id: 3, video: null, video_title: null, stage: "train", status: "cancelled" }),
    ]),
    http.post("*/api/runs/7/retry/", () => {
      retried = true;
      return HttpResponse.json(run({ status: "running", can_retry: false }));
    }),
  );
  renderApp("/projects/1/runs/7");
  const table = within(await screen.findByRole("table"));
  expect(table.getByText("Track: reused from an earlier run")).toBeInTheDocument();
  expect(table.getByText("Track: failed, nothing moved, attempt 3")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Retry" }));
  expect(await screen.findByRole("button", { name: "Cancel run" })).toBeInTheDocument();
});

test("from the cards to a cluster to a primitive to what is like it, all in the address", async () => {
  const asked: string[] = [];
  const first = segment();
  const second = segment({ id: 101, index: 1, start_s: 20, end_s: 21.5, duration_s: 1.5, video_title: "cam2.mp4" });
  server.use(
    get("/api/projects/1/runs/", [run()]),
    get("/api/runs/7/", run()),
    get("/api/runs/7/clusters/", [cluster({ medoids: [first] }), cluster({ id: 2, index: 1, name: "Cluster 2", size: 1 })]),
    get("/api/runs/7/groups/", [group({ medoids: [first] }), group({ key: "cluster:1", name: "Cluster 2", colour: 1, size: 1 })]),
    get("/api/projects/1/vocabulary/history/", { results: [], next: null, undo: null, redo: null }),
    get("/api/runs/7/carry-over/", { source: null, proposals: [] }),
    http.get("*/api/runs/7/map/", () => HttpResponse.arrayBuffer(encodeMap(mapOf([{ id: 100 }, { id: 101, x: 1, y: 1 }], { projection: "pca" })))),
    get("/api/runs/7/segments/", { results: [first, second], next: null }),
    get("/api/segments/100/", first),
    http.get("*/api/segments/100/similar/", ({ request }) => {
      asked.push(new URL(request.url).search);
      return HttpResponse.json({ results: [{ segment: second, distance: 0.125 }], searched: 2, exact: true, space: "motion" });
    }),
  );
  const { router } = renderApp("/projects/1/clusters");
  await userEvent.click(await screen.findByRole("link", { name: "Cluster 1" }));
  expect(router.state.location.search).toBe("?cluster=0");
  await userEvent.click(await screen.findByRole("link", { name: "Primitive 1 of cam1.mp4, 2.00 s" }));
  expect(await screen.findByRole("link", { name: "Primitive 2 of cam2.mp4, 1.50 s, distance 0.125" })).toBeInTheDocument();
  expect(screen.getByText("PCA")).toBeInTheDocument();

  await userEvent.click(screen.getByText("Filters"));
  await userEvent.click(screen.getByRole("checkbox", { name: "Other videos only" }));
  await waitFor(() => expect(asked.at(-1)).toContain("exclude_same_video=true"));
  expect(router.state.location.search).toContain("other=1");
  expect(router.state.location.search).toContain("segment=100");
});

test("the workbench opens at the moment and the primitive of its address", async () => {
  const first = segment();
  server.use(
    get("/api/videos/1/", video({ latest_run: 7 })),
    get("/api/videos/1/annotations/", []),
    get("/api/projects/1/runs/", [run()]),
    get("/api/runs/7/clusters/", [cluster()]),
    get("/api/runs/7/segments/", { results: [first, segment({ id: 101, index: 1, start_s: 20, end_s: 22 })], next: null }),
    http.get("*/api/runs/7/videos/1/signals/", () => HttpResponse.json({ code: "not_found", message: "No energy." }, { status: 404 })),
    http.get("*/api/segments/:id/similar/", () => HttpResponse.json({ results: [], searched: 0, exact: true, space: "motion" })),
  );
  renderApp("/projects/1/videos/1?segment=100&t=11.5");
  expect(await screen.findByText("00:10.000 – 00:12.000")).toBeInTheDocument();
  expect(screen.getByTestId("clock")).toHaveTextContent("00:11.500");
  expect(screen.getByText("No energy yet")).toBeInTheDocument();

  await userEvent.keyboard("{ArrowDown}");
  expect(await screen.findByText("00:20.000 – 00:22.000")).toBeInTheDocument();
  await waitFor(() => expect(window.location.search).toContain("segment=101"));

  await userEvent.keyboard("?");
  expect(await screen.findByRole("dialog", { name: "Keys" })).toBeInTheDocument();
});

test("every page of a video's primitives is read", async () => {
  server.use(
    get("/api/videos/1/", video({ latest_run: 7 })),
    get("/api/videos/1/annotations/", []),
    get("/api/projects/1/runs/", [run()]),
    get("/api/runs/7/clusters/", []),
    // The plot needs a canvas; the browser tests look at it.
    http.get("*/api/runs/7/videos/1/signals/", () => HttpResponse.json({ code: "not_found", message: "" }, { status: 404 })),
    http.get("*/api/runs/7/segments/", ({ request }) => {
      const cursor = new URL(request.url).searchParams.get("cursor");
      return cursor === null
        ? HttpResponse.json({ results: [segment()], next: "p2" })
        : HttpResponse.json({ results: [segment({ id: 101, index: 1, start_s: 20, end_s: 22 })], next: null });
    }),
  );
  renderApp("/projects/1/videos/1");
  expect(await screen.findByRole("tab", { name: "All (2)" })).toBeInTheDocument();
});
