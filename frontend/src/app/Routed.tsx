import { flushSync } from "react-dom";
import { RouterProvider, type RouterProviderProps } from "react-router";

/** A router whose changes can be drawn at once where they are asked to (`flushSync`), as the one of `react-router/dom`, in one copy. */
export function Routed({ router }: { router: RouterProviderProps["router"] }) {
  return <RouterProvider router={router} flushSync={(change) => void flushSync(change)} />;
}
