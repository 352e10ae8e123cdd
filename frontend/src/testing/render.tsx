import { QueryClient } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { createBrowserRouter, createMemoryRouter } from "react-router";
import { Providers } from "../app/providers";
import { Routed } from "../app/Routed";
import { routes } from "../app/router";

function testClient(): QueryClient {
  return new QueryClient({ defaultOptions: { queries: { retry: false } } });
}

/** A component with what the application puts around it. */
export function renderAt(element: ReactNode, path = "/") {
  const client = testClient();
  const router = createMemoryRouter([{ path: "*", element }], { initialEntries: [path] });
  const view = render(
    <Providers client={client}>
      <Routed router={router} />
    </Providers>,
  );
  return { ...view, client, router };
}

/** The application at an address: the window's own, as the screens read it. */
export function renderApp(path: string, client: QueryClient = testClient()) {
  window.history.replaceState(null, "", path);
  const router = createBrowserRouter(routes);
  const view = render(
    <Providers client={client}>
      <Routed router={router} />
    </Providers>,
  );
  return { ...view, client, router };
}
