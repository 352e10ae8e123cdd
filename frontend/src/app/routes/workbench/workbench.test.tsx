import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { project, run, segment, session, video } from "../../../testing/fixtures";
import { renderApp } from "../../../testing/render";
import { server } from "../../../testing/server";

const get = (path: string, body: object) => http.get(`*${path}`, () => HttpResponse.json(body));

/** Ten values a second; the energy is up from 1 to 2 s, a little from 3 to 4 s, and from 5 to 7 s. */
const N = 80;
const HIGH: [number, number, number][] = [
  [1, 2, 4],
  [3, 4, 1.5],
  [5, 7, 4],
];

function signalsBody() {
  const bytes = new ArrayBuffer(N * 12);
  const times = new Float64Array(bytes, 0, N);
  const energy = new Float32Array(bytes, N * 8, N);
  for (let k = 0; k < N; k += 1) {
    times[k] = (k + 1) / 10;
    energy[k] = HIGH.find(([from, to]) => k / 10 >= from - 1e-9 && k / 10 < to - 1e-9)?.[2] ?? 0;
  }
  return bytes;
}

const SEGMENTS = [segment({ id: 100, index: 0, start_s: 1, end_s: 2, duration_s: 1 }), segment({ id: 101, index: 1, start_s: 5, end_s: 7, duration_s: 2, cluster: 1 })];

const TRUTH = [
  { start: 1, end: 2, label: "press" },
  { start: 3, end: 4, label: "turn" },
  { start: 5, end: 7, label: "press" },
];

function workbench(address = "/projects/1/videos/1") {
  server.use(
    get("/api/session/", session()),
    get("/api/projects/", [project()]),
    get("/api/projects/1/", project()),
    get("/api/projects/1/videos/", []),
    get("/api/projects/1/stages/", []),
    get("/api/projects/1/uploads/", []),
    get("/api/videos/1/", video({ latest_run: 7, duration_s: 8 })),
    get("/api/videos/1/annotations/", [{ id: null, name: "truth", source: "scene", segments: TRUTH }]),
    get("/api/projects/1/runs/", [run()]),
    get("/api/runs/7/clusters/", []),
    get("/api/runs/7/segments/", { results: SEGMENTS, next: null }),
    get("/api/runs/7/videos/1/signals/", {
      url: "/api/runs/7/videos/1/signals.bin?key=k",
      n_steps: N,
      start_s: 0,
      duration_s: 8,
      columns: ["times_s", "energy"],
      source: "velocity",
      unit: "half picture heights per step",
      theta_on: 2,
      theta_off: 1,
      detection: { alpha: 1, off_ratio: 0.5, on_steps: 2, off_steps: 2, cooldown_steps: 0, min_s: 0.2, max_s: null },
      refinement: { rest: null, dip: null, smooth_s: 0.14, min_piece_s: 0.2, hold_s: 0 },
      hand_cut: false,
    }),
    http.get("*/api/runs/7/videos/1/signals.bin", () => HttpResponse.arrayBuffer(signalsBody())),
    http.get("*/api/segments/:id/similar/", () => HttpResponse.json({ results: [], searched: 0, exact: true, space: "motion" })),
  );
  return renderApp(address);
}

test("a threshold is lowered: the video is cut anew, counted and scored, and all of it can be taken back", async () => {
  workbench("/projects/1/videos/1?tab=detector");
  const outcome = await screen.findByTestId("outcome");
  expect(outcome).toHaveTextContent(/^2 primitives$/);
  expect(screen.getByTestId("F1@0.5s")).toHaveTextContent(".80"); // both ends of two found, one of three missed

  const theta = screen.getByRole("spinbutton", { name: "θ on, number" });
  await userEvent.clear(theta);
  await userEvent.type(theta, "1.2");
  expect(outcome).toHaveTextContent("2 → 3 primitives");
  expect(screen.getByTestId("F1@0.5s")).toHaveTextContent(".80 → 1");
  expect(screen.getByRole("button", { name: /Draft: 3 primitives/ })).toBeInTheDocument();
  expect(screen.getByRole("img", { name: /Your draft.*: 3 on the timeline/ })).toBeInTheDocument();

  await userEvent.click(screen.getByRole("button", { name: "Reset" }));
  expect(outcome).toHaveTextContent(/^2 primitives$/);
  await userEvent.keyboard("z");
  expect(outcome).toHaveTextContent("2 → 3 primitives");
});

test("a draft waits for whoever comes back", async () => {
  const { unmount } = workbench("/projects/1/videos/1?tab=detector");
  const theta = await screen.findByRole("slider", { name: "θ on" });
  fireEvent.change(theta, { target: { value: "150" } });
  expect(screen.getByTestId("outcome")).toHaveTextContent("2 → 3 primitives");
  unmount();
  workbench("/projects/1/videos/1?tab=detector");
  await waitFor(() => expect(screen.getByTestId("outcome")).toHaveTextContent("2 → 3 primitives"));
  expect(screen.getByText(/Taken up again from your last visit/)).toBeInTheDocument();
});

test("hands cut by keys: nudge, split, merge, delete, and step by step back", async () => {
  workbench("/projects/1/videos/1?segment=101&t=6");
  expect(await screen.findByText("00:05.000 – 00:07.000")).toBeInTheDocument();
  await screen.findByText("Explain this cut"); // the energy is here

  await userEvent.keyboard("[["); // to the start of the second, in hand
  expect(await screen.findByText("Start in hand")).toBeInTheDocument();
  await userEvent.keyboard("{Shift>}{{{/Shift}");
  expect(await screen.findByText("00:04.967 – 00:07.000")).toBeInTheDocument();
  expect(screen.getByText("edited")).toBeInTheDocument();

  for (let i = 0; i < 30; i += 1) fireEvent.keyDown(document.body, { key: "ArrowRight" });
  await userEvent.keyboard("s");
  expect(await screen.findByRole("tab", { name: "All (3)" })).toBeInTheDocument();
  await userEvent.keyboard("z");
  expect(await screen.findByRole("tab", { name: "All (2)" })).toBeInTheDocument();
  await userEvent.keyboard("{Shift>}z{/Shift}");
  expect(await screen.findByRole("tab", { name: "All (3)" })).toBeInTheDocument();
  await userEvent.keyboard("{ArrowUp}{ArrowUp}m");
  expect(await screen.findByRole("tab", { name: "All (2)" })).toBeInTheDocument();
  await userEvent.keyboard("{Delete}");
  expect(await screen.findByRole("tab", { name: "All (1)" })).toBeInTheDocument();
  await userEvent.keyboard("zzzz");
  expect(await screen.findByRole("tab", { name: "All (2)" })).toBeInTheDocument();
  await waitFor(() => expect(screen.queryByRole("button", { name: /^Draft:/ })).toBeNull());
});

test("sliders after hand edits: both stay, and one is chosen", async () => {
  workbench("/projects/1/videos/1?segment=101&t=6&tab=detector");
  const outcome = await screen.findByTestId("outcome");
  await userEvent.keyboard("{Delete}");
  await waitFor(() => expect(outcome).toHaveTextContent("2 → 1 primitive"));
  fireEvent.change(screen.getByRole("slider", { name: "θ on" }), { target: { value: "150" } });
  const choice = await screen.findByRole("group", { name: "Which cut" });
  expect(outcome).toHaveTextContent("2 → 1 primitive");
  await userEvent.click(within(choice).getByRole("radio", { name: "Cut anew (3)" }));
  expect(outcome).toHaveTextContent("2 → 3 primitives");
  await userEvent.click(within(choice).getByRole("radio", { name: "By hand (1)" }));
  expect(outcome).toHaveTextContent("2 → 1 primitive");
});

test("a cut is explained by what crossed which threshold", async () => {
  workbench("/projects/1/videos/1?segment=101&t=6");
  await screen.findByText("Explain this cut");
  await userEvent.keyboard("x");
  const begins = await screen.findByRole("article", { name: "Why it begins here" });
  expect(begins).toHaveTextContent("It begins with the first of 2 steps in a row above θ on (2). Known at 00:05.200");
  expect(within(begins).getByRole("list", { name: "Debounce, step by step" })).toHaveTextContent("2 of 2 above θ on");
  expect(screen.getByRole("article", { name: "Why it ends here" })).toHaveTextContent("below θ off (1)");
});
