import { QueryClient } from "@tanstack/react-query";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { cut } from "../../lib/segmentation";
import { server } from "../../testing/server";
import { paramsOf, signalsQuery } from "./signals";

const facts: Schemas["Signals"] = {
  url: "/api/runs/7/videos/1/signals.bin?key=abc",
  n_steps: 5,
  start_s: 0,
  duration_s: 0.6,
  columns: ["times_s", "energy", "velocity"],
  source: "velocity",
  unit: "half picture heights per step",
  theta_on: 1,
  theta_off: 0.5,
  detection: { alpha: 1, off_ratio: 0.5, on_steps: 2, off_steps: 2, cooldown_steps: 0, min_s: 0, max_s: null },
  refinement: { rest: null, dip: null, smooth_s: 0.14, min_piece_s: 0, hold_s: 0 },
  hand_cut: false,
};

const body = () => {
  const bytes = new ArrayBuffer(5 * (8 + 4 + 4));
  new Float64Array(bytes, 0, 5).set([0.1, 0.2, 0.3, 0.4, 0.5]);
  new Float32Array(bytes, 40, 5).set([0, 2, 2, 0, 0]);
  new Float32Array(bytes, 60, 5).set([1, 2, 3, 4, 5]);
  return bytes;
};

const client = () => new QueryClient({ defaultOptions: { queries: { retry: false } } });

test("columns come as typed arrays that can be cut at once; those that were not made are absent", async () => {
  server.use(
    http.get("*/api/runs/7/videos/1/signals/", () => HttpResponse.json(facts)),
    http.get("*/api/runs/7/videos/1/signals.bin", ({ request }) => {
      expect(new URL(request.url).searchParams.get("key")).toBe("abc");
      return HttpResponse.arrayBuffer(body());
    }),
  );
  const signals = await client().fetchQuery(signalsQuery(7, 1));
  expect([...signals.velocity!]).toEqual([1, 2, 3, 4, 5]);
  expect(signals.latent).toBeUndefined();
  expect(cut(signals, paramsOf(signals))).toEqual([{ first: 1, stop: 3, startS: 0.1, endS: 0.3 }]);
});

test("columns of another length are refused, and so is what the server refuses", async () => {
  server.use(
    http.get("*/api/runs/7/videos/1/signals/", () => HttpResponse.json(facts)),
    http.get("*/api/runs/7/videos/1/signals.bin", () => HttpResponse.arrayBuffer(new ArrayBuffer(8))),
  );
  await expect(client().fetchQuery(signalsQuery(7, 1))).rejects.toThrow("8 bytes");
  server.use(
    http.get("*/api/runs/7/videos/1/signals.bin", () => HttpResponse.json({ code: "not_found", message: "Gone." }, { status: 404 })),
  );
  await expect(client().fetchQuery(signalsQuery(7, 1))).rejects.toMatchObject({ status: 404, message: "Gone." });
});
