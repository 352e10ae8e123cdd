import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { server } from "../testing/server";
import { api, unwrap } from "./client";
import { connection } from "./connection";
import { ApiError } from "./errors";

const projects = () => unwrap(api.GET("/api/projects/"));

test("an error keeps the server's status, code and sentence", async () => {
  server.use(
    http.get("*/api/projects/", () =>
      HttpResponse.json({ code: "not_yours", message: "Ask a manager.", details: { project: 3 } }, { status: 403 }),
    ),
  );
  const error = await projects().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 403, code: "not_yours", message: "Ask a manager.", details: { project: 3 } });
  expect(connection.away).toBe(false);
});

test("an answer that is not JSON still becomes a plain error", async () => {
  server.use(http.get("*/api/projects/", () => new HttpResponse("<h1>Server Error</h1>", { status: 500 })));
  await expect(projects()).rejects.toMatchObject({ status: 500, code: "server_error" });
});

test("a server that does not answer is away, until it answers again", async () => {
  server.use(http.get("*/api/projects/", () => HttpResponse.error()));
  await expect(projects()).rejects.toMatchObject({ status: 0, code: "server_away" });
  expect(connection.away).toBe(true);

  server.use(http.get("*/api/projects/", () => HttpResponse.json([])));
  await expect(projects()).resolves.toEqual([]);
  expect(connection.away).toBe(false);
});

test("a write carries the token from the cookie, a read does not", async () => {
  document.cookie = "csrftoken=abc123";
  const tokens: (string | null)[] = [];
  server.use(
    http.all("*/api/projects/", ({ request }) => {
      tokens.push(request.headers.get("X-CSRFToken"));
      return HttpResponse.json([]);
    }),
  );
  await projects();
  await unwrap(api.POST("/api/projects/", { body: { name: "Line 3" } }));
  expect(tokens).toEqual([null, "abc123"]);
});
