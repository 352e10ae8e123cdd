import { isRouteErrorResponse, useRouteError } from "react-router";
import { Failed } from "../../components/PanelState";
import { NotFound } from "./NotFound";
import { NoSuchPage } from "./useIdParam";

const is404 = (error: unknown): boolean =>
  error instanceof NoSuchPage || (isRouteErrorResponse(error) && error.status === 404);

/** A screen that could not be drawn, or code of an older version that the server no longer has. */
export function RouteError() {
  const error = useRouteError();
  if (is404(error)) return <NotFound />;
  return (
    <Failed
      what="This screen could not be shown"
      error={error instanceof Error ? error : new Error("It failed without saying why.")}
      onRetry={() => window.location.reload()}
    />
  );
}
