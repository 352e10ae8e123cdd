import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/errors";
import { sessionKey } from "../features/session/queries";

const TRIES = 2;

export function makeQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: true,
        // A refusal stays a refusal; only silence and the server's own faults are worth asking again.
        retry: (failures, error) => failures < TRIES && error instanceof ApiError && (error.isAway || error.status >= 500),
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 4000),
      },
    },
    queryCache: new QueryCache({ onError: askWhoWeAre }),
    mutationCache: new MutationCache({ onError: askWhoWeAre }),
  });

  // Signed out meanwhile (elsewhere, or by time): the session says so, and the guard leads to the sign-in page.
  function askWhoWeAre(error: Error) {
    if (error instanceof ApiError && (error.status === 401 || error.code === "not_authenticated"))
      void client.invalidateQueries({ queryKey: sessionKey });
  }
  return client;
}
