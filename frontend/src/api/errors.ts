/** What the server, or the way to it, said no with. `code` is for the program, `message` for the person. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.details = details;
  }

  /** The server could not be reached, or is restarting behind a proxy. */
  get isAway(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

interface ErrorBody {
  code: string;
  message: string;
  details?: Record<string, unknown>;
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== "object" || body === null) return false;
  const { code, message } = body as Record<string, unknown>;
  return typeof code === "string" && typeof message === "string";
}

export function errorFrom(status: number, body: unknown): ApiError {
  if (isErrorBody(body)) return new ApiError(status, body.code, body.message, body.details);
  if (status >= 500) return new ApiError(status, "server_error", "The server failed on this request.");
  if (status === 404) return new ApiError(status, "not_found", "This is not here, or not yours to see.");
  return new ApiError(status, "refused", `The server refused this request (${status}).`);
}

export function awayError(): ApiError {
  return new ApiError(0, "server_away", "The server does not answer.");
}
