import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";

/**
 * The fake server: each test says what it answers; a request nobody expected fails the test. What every screen's frame
 * asks for is answered with nothing.
 */
export const server = setupServer(
  http.get("*/api/mentions/", () => HttpResponse.json({ unseen: 0, results: [] })),
  http.get("*/api/videos/:id/comments/", () => HttpResponse.json({ results: [], total: 0 })),
);
