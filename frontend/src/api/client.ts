import createClient, { type Middleware } from "openapi-fetch";
import { connection } from "./connection";
import { awayError, errorFrom } from "./errors";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** The token Django put into its cookie; sent back on whatever writes. */
export function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

const csrf: Middleware = {
  onRequest({ request }) {
    if (!SAFE.has(request.method)) request.headers.set("X-CSRFToken", csrfToken());
    return request;
  },
};

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: "same-origin",
  // Looked up at call time, so that a test's fake server is the one that answers.
  fetch: (request) => globalThis.fetch(request),
});
api.use(csrf);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer; an `ApiError` with status and code of any other, or of none. */
export async function unwrap<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    connection.lost();
    throw awayError();
  }
  if (!answer.response.ok) {
    const error = errorFrom(answer.response.status, answer.error);
    if (error.isAway) connection.lost();
    throw error;
  }
  connection.found();
  return answer.data as T;
}

/** The bytes at an address the API gave; refusals and silence as `unwrap` has them. */
export async function fetchBytes(url: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  let response: Response;
  let body: ArrayBuffer;
  try {
    response = await globalThis.fetch(new URL(url, window.location.origin), { credentials: "same-origin", signal });
    body = await response.arrayBuffer();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    connection.lost();
    throw awayError();
  }
  if (!response.ok) {
    const error = errorFrom(response.status, parsed(body));
    if (error.isAway) connection.lost();
    throw error;
  }
  connection.found();
  return body;
}

function parsed(body: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return null;
  }
}
