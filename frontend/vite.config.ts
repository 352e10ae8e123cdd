import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Where `npm run dev` sends what is not the front end: a server started by `./kineme up`.
const server = process.env.KINEME_DEV_SERVER ?? "http://127.0.0.1:8000";

export default defineConfig(({ command }) => ({
  // Django serves the bundle as static files; the development server keeps the root.
  base: command === "build" ? "/static/" : "/",
  plugins: [react()],
  build: {
    outDir: "dist",
    target: "es2022",
    // Inlined data: URLs would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": server, "/welcome": server } },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://kineme.test/" } },
    setupFiles: ["src/testing/setup.ts"],
    restoreMocks: true,
    testTimeout: 30_000,
    // The build a browser gets: the one Node would resolve speaks through `http` and knows no File.
    alias: { "tus-js-client": fileURLToPath(new URL("node_modules/tus-js-client/lib.esm/browser/index.js", import.meta.url)) },
    // Two cores are what the smallest supported machine has.
    maxWorkers: 2,
  },
}));
