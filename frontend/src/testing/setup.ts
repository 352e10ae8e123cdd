import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll } from "vitest";
import { connection } from "../api/connection";
import { server } from "./server";

// A loaded machine is slow, not wrong.
configure({ asyncUtilTimeout: 8000 });

// What jsdom does not have, as a browser without it would answer: no media query matches, no canvas draws.
Object.assign(window, {
  matchMedia: (query: string) => ({ matches: false, media: query, addEventListener: () => undefined, removeEventListener: () => undefined }),
});
Object.assign(HTMLCanvasElement.prototype, { getContext: () => null });
Object.assign(HTMLMediaElement.prototype, { play: () => Promise.resolve(), pause: () => undefined });
Object.assign(HTMLDialogElement.prototype, {
  showModal(this: HTMLDialogElement) {
    this.open = true;
  },
  close(this: HTMLDialogElement) {
    this.open = false;
  },
});

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
  connection.found();
  localStorage.clear();
});
afterAll(() => server.close());
