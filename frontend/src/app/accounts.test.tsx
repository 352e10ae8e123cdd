import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { project, session } from "../testing/fixtures";
import { renderApp } from "../testing/render";
import { server } from "../testing/server";

const get = (path: string, body: unknown) => http.get(`*${path}`, () => HttpResponse.json(body as object));
const AT = "2026-01-05T08:00:00Z";
const members = [
  { user: { id: 1, username: "owner", display_name: "Mira" }, role: "owner", since: AT },
  { user: { id: 2, username: "ada", display_name: "Ada" }, role: "reviewer", since: AT },
];
const invitation = { project: "Motor line 3", project_id: null, role: "reviewer", invited_by: "Mira", expires_at: AT, my_role: null };

beforeEach(() => {
  server.use(
    get("/api/session/", session()),
    get("/api/projects/", [project()]),
    get("/api/projects/1/", project()),
    get("/api/projects/1/stages/", []),
    get("/api/projects/1/videos/", []),
    get("/api/projects/1/runs/", []),
    get("/api/projects/1/uploads/", []),
    get("/api/projects/1/members/", members),
    get("/api/projects/1/invitations/", []),
    get("/api/projects/1/webhooks/", []),
  );
});

test("an owner makes a link, which is shown to be copied", async () => {
  let asked: unknown;
  server.use(
    http.post("*/api/projects/1/invitations/", async ({ request }) => {
      asked = await request.json();
      return HttpResponse.json({ id: 3, role: "viewer", note: "", invited_by: "Mira", created_at: AT, expires_at: AT, path: "/invite/abc" }, { status: 201 });
    }),
  );
  renderApp("/projects/1/members");
  await userEvent.click(await screen.findByRole("button", { name: "Invite" }));
  await userEvent.selectOptions(screen.getByLabelText("As"), "viewer");
  await userEvent.click(screen.getByRole("button", { name: "Make link" }));
  expect(await screen.findByLabelText("Link")).toHaveValue(`${window.location.origin}/invite/abc`);
  expect(asked).toEqual({ role: "viewer", note: "", days: 7 });
});

test("the last owner hears why they stay one", async () => {
  const sentence = "A project needs an owner. Make somebody else an owner first.";
  server.use(http.patch("*/api/projects/1/members/1/", () => HttpResponse.json({ code: "last_owner", message: sentence }, { status: 409 })));
  renderApp("/projects/1/members");
  await userEvent.selectOptions(await screen.findByLabelText("Role of Mira"), "viewer");
  expect(await screen.findByRole("alert")).toHaveTextContent(sentence);
  expect(screen.getByLabelText("Role of Mira")).toHaveValue("owner");
});

test("a viewer sees the members and may only leave", async () => {
  server.use(get("/api/projects/1/", project({ role: "viewer" })));
  renderApp("/projects/1/members");
  expect(await screen.findByRole("button", { name: "Leave this project" })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Invite" })).toBeNull();
  expect(screen.queryByRole("button", { name: /^Remove/ })).toBeNull();
  expect(screen.queryByRole("combobox", { name: /^Role of/ })).toBeNull();
  expect(screen.queryByRole("link", { name: "What was done" })).toBeNull();
});

test("a project is deleted only once its name is typed", async () => {
  let typed: unknown;
  server.use(
    http.post("*/api/projects/1/delete/", async ({ request }) => {
      typed = await request.json();
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { router } = renderApp("/projects/1/members");
  await userEvent.click(await screen.findByRole("button", { name: "Delete project…" }));
  const dialog = within(screen.getByRole("dialog"));
  const confirm = dialog.getByRole("button", { name: "Delete project" });
  await userEvent.type(dialog.getByLabelText("Name of the project"), "Motor line");
  expect(confirm).toBeDisabled();
  await userEvent.type(dialog.getByLabelText("Name of the project"), " 3");
  await userEvent.click(confirm);
  await waitFor(() => expect(router.state.location.pathname).toBe("/projects"));
  expect(typed).toEqual({ name: "Motor line 3" });
});

test("somebody invited makes an account, and hears what is wrong with it", async () => {
  let user: object | null = null;
  server.use(
    http.get("*/api/session/", () => HttpResponse.json({ ...session(), user })),
    get("/api/invitations/abc/", invitation),
    http.post("*/api/invitations/abc/join/", async ({ request }) => {
      const { username } = (await request.json()) as { username: string };
      if (username === "mira") return HttpResponse.json({ code: "name_taken", message: "Somebody has this user name already." }, { status: 409 });
      user = { id: 9, username, display_name: username };
      return HttpResponse.json({ ...session(), user }, { status: 201 });
    }),
  );
  renderApp("/invite/abc");
  await userEvent.type(await screen.findByLabelText("User name"), "mira");
  await userEvent.type(screen.getByLabelText("Password"), "seven quiet levers");
  await userEvent.click(screen.getByRole("button", { name: "Make account and join" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Somebody has this user name");
  await userEvent.clear(screen.getByLabelText("User name"));
  await userEvent.type(screen.getByLabelText("User name"), "ada");
  await userEvent.click(screen.getByRole("button", { name: "Make account and join" }));
  expect(await screen.findByRole("heading", { name: "Projects" })).toBeInTheDocument();
});

test("an invitation that is over says so", async () => {
  const sentence = "This invitation was used already. Ask whoever invited you for a new one.";
  server.use(http.get("*/api/invitations/abc/", () => HttpResponse.json({ code: "invitation_over", message: sentence }, { status: 410 })));
  renderApp("/invite/abc");
  expect(await screen.findByRole("alert")).toHaveTextContent(sentence);
});

test("without mail the page says how a password is reset", async () => {
  server.use(get("/api/session/", session({ user: null })));
  renderApp("/signin");
  await userEvent.click(await screen.findByRole("link", { name: "Forgotten your password?" }));
  expect(await screen.findByText(/reset-link/)).toBeInTheDocument();
  expect(screen.queryByLabelText("E-mail")).toBeNull();
});

test("a link leads to a new password, and from there to the sign-in", async () => {
  let sent: unknown;
  server.use(
    get("/api/session/", session({ user: null })),
    http.get("*/api/auth/password/reset/", ({ request }) =>
      request.headers.get("X-Password-Reset-Key") === "1-key"
        ? HttpResponse.json({ username: "ada" })
        : HttpResponse.json({ code: "bad_link", message: "No." }, { status: 400 }),
    ),
    http.post("*/api/auth/password/reset/", async ({ request }) => {
      sent = await request.json();
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderApp("/reset/1-key");
  await userEvent.type(await screen.findByLabelText("New password"), "seven quiet levers");
  await userEvent.click(screen.getByRole("button", { name: "Change password" }));
  expect(await screen.findByRole("status", { name: "" })).toHaveTextContent("Your new password holds");
  expect(sent).toEqual({ key: "1-key", password: "seven quiet levers" });
});

test("a token is shown once, and revoked from the list", async () => {
  let tokens: object[] = [];
  const token = { id: 5, name: "A script", prefix: "kin_abcdef", scopes: ["read"], created_at: AT, expires_at: AT, last_used_at: null };
  server.use(
    get("/api/account/", { id: 1, username: "owner", display_name: "Mira", email: "", has_password: true, connected: [] }),
    http.get("*/api/tokens/", () => HttpResponse.json(tokens)),
    http.post("*/api/tokens/", () => {
      tokens = [token];
      return HttpResponse.json({ ...token, token: "kin_secret" }, { status: 201 });
    }),
    http.delete("*/api/tokens/5/", () => {
      tokens = [];
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderApp("/account");
  await userEvent.click(await screen.findByRole("button", { name: "New token" }));
  await userEvent.type(screen.getByLabelText("What it is for"), "A script");
  await userEvent.click(screen.getByRole("button", { name: "Make token" }));
  expect(await screen.findByLabelText("Token")).toHaveValue("kin_secret");
  await userEvent.click(screen.getByRole("button", { name: "Done" }));
  expect(screen.queryByDisplayValue("kin_secret")).toBeNull();
  await userEvent.click(await screen.findByRole("button", { name: "Revoke A script" }));
  await userEvent.click(screen.getByRole("button", { name: "Revoke it" }));
  expect(await screen.findByText("No tokens")).toBeInTheDocument();
});

test("who comes back from a provider uninvited is told so", async () => {
  server.use(get("/api/session/", session({ user: null, oidc: [{ id: "oidc", name: "Works" }] })));
  renderApp("/signin?provider=uninvited");
  expect(await screen.findByText(/nobody has invited you here yet/)).toBeInTheDocument();
  expect(await screen.findByRole("button", { name: "Sign in with Works" })).toBeInTheDocument();
});
