import { setupServer } from "msw/node";

/** The fake server: each test says what it answers; a request nobody expected fails the test. */
export const server = setupServer();
