import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { renderAt } from "../../testing/render";
import { server } from "../../testing/server";
import type { Delivery, Webhook } from "./queries";
import { WebhooksPanel } from "./WebhooksPanel";

const URL_OF_OURS = "https://ci.example.org/kineme";

const webhook = (more: Partial<Webhook> = {}): Webhook => ({
  id: 3,
  url: URL_OF_OURS,
  events: ["run.finished"],
  active: true,
  stopped: "",
  created_at: "2026-03-01T10:00:00Z",
  last_status: null,
  last_at: null,
  ...more,
});

const delivery = (more: Partial<Delivery> = {}): Delivery => ({
  id: "6d1f7c3e-0000-4000-8000-000000000001",
  event: "run.finished",
  status: "failed",
  attempt: 8,
  next_at: null,
  answer: 500,
  reason: "It answered 500.",
  created_at: "2026-03-01T10:00:00Z",
  sent_at: null,
  body: {},
  ...more,
});

function list(...rows: Webhook[]) {
  return http.get("*/api/projects/1/webhooks/", () => HttpResponse.json(rows));
}

test("an address is added, and its secret is shown that once", async () => {
  const user = userEvent.setup();
  const rows: Webhook[] = [];
  let sent: unknown;
  server.use(
    http.get("*/api/projects/1/webhooks/", () => HttpResponse.json(rows)),
    http.post("*/api/projects/1/webhooks/", async ({ request }) => {
      sent = await request.json();
      rows.push(webhook());
      return HttpResponse.json({ ...webhook(), secret: "whsec_once" }, { status: 201 });
    }),
  );
  renderAt(<WebhooksPanel project={1} />);
  expect(await screen.findByText("Nobody is told")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Add an address" }));
  await user.type(screen.getByLabelText("Address"), URL_OF_OURS);
  await user.click(screen.getByRole("checkbox", { name: "export ready" }));
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect(await screen.findByDisplayValue("whsec_once")).toBeInTheDocument();
  expect(sent).toEqual({ url: URL_OF_OURS, events: ["run.finished", "review.done"] });
  await user.click(screen.getByRole("button", { name: "I have kept it" }));
  expect(await screen.findByRole("listitem", { name: URL_OF_OURS })).toBeInTheDocument();
  expect(screen.queryByDisplayValue("whsec_once")).not.toBeInTheDocument();
});

test("a secret is replaced after a second word, and shown once", async () => {
  const user = userEvent.setup();
  let asked = 0;
  server.use(
    list(webhook()),
    http.post("*/api/webhooks/3/secret/", () => {
      asked += 1;
      return HttpResponse.json({ ...webhook(), secret: "whsec_other" }, { status: 201 });
    }),
  );
  renderAt(<WebhooksPanel project={1} />);
  await user.click(await screen.findByRole("button", { name: "New secret…" }));
  expect(asked).toBe(0);
  await user.click(screen.getByRole("button", { name: "The old one no longer signs" }));
  expect(await screen.findByDisplayValue("whsec_other")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "I have kept it" }));
  expect(screen.queryByDisplayValue("whsec_other")).not.toBeInTheDocument();
  expect(asked).toBe(1);
});

test("a refused address is refused in the server's words", async () => {
  const user = userEvent.setup();
  server.use(
    list(),
    http.post("*/api/projects/1/webhooks/", () =>
      HttpResponse.json({ code: "address_refused", message: "This host is not on the open internet." }, { status: 400 }),
    ),
  );
  renderAt(<WebhooksPanel project={1} />);
  await user.click(await screen.findByRole("button", { name: "Add an address" }));
  await user.type(screen.getByLabelText("Address"), "https://10.0.0.1/");
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("not on the open internet");
});

test("one that was switched off says why, and is switched on again", async () => {
  const user = userEvent.setup();
  let row = webhook({ active: false, stopped: "Switched off after 8 attempts without success." });
  let sent: unknown;
  server.use(
    http.get("*/api/projects/1/webhooks/", () => HttpResponse.json([row])),
    http.patch("*/api/webhooks/3/", async ({ request }) => {
      sent = await request.json();
      row = webhook();
      return HttpResponse.json(row);
    }),
  );
  renderAt(<WebhooksPanel project={1} />);
  expect(await screen.findByText(/after 8 attempts/)).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Send a test" })).toBeDisabled();
  await user.click(screen.getByRole("button", { name: "Switch on" }));
  expect(await screen.findByRole("button", { name: "Switch off" })).toBeInTheDocument();
  expect(sent).toEqual({ active: true });
  expect(screen.queryByText(/after 8 attempts/)).not.toBeInTheDocument();
});

test("what was given up can be sent again", async () => {
  const user = userEvent.setup();
  let row = delivery();
  server.use(
    list(webhook({ last_status: "failed" })),
    http.get("*/api/webhooks/3/deliveries/", () => HttpResponse.json({ results: [row], next: null })),
    http.post("*/api/deliveries/:id/redeliver/", () => {
      row = delivery({ status: "sent", answer: 200, attempt: 1, reason: "" });
      return HttpResponse.json(row);
    }),
  );
  renderAt(<WebhooksPanel project={1} />);
  await user.click(await screen.findByRole("button", { name: "What was sent" }));
  const sent = within(await screen.findByRole("list", { name: "What was sent" }));
  expect(sent.getByText("given up after 8 attempts: It answered 500.")).toBeInTheDocument();
  await user.click(sent.getByRole("button", { name: "Send again" }));
  expect(await screen.findByText("taken, 200")).toBeInTheDocument();
});

test("removing asks once more", async () => {
  const user = userEvent.setup();
  const rows = [webhook()];
  server.use(
    http.get("*/api/projects/1/webhooks/", () => HttpResponse.json(rows)),
    http.delete("*/api/webhooks/3/", () => {
      rows.pop();
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderAt(<WebhooksPanel project={1} />);
  await user.click(await screen.findByRole("button", { name: "Remove…" }));
  expect(rows).toHaveLength(1);
  await user.click(screen.getByRole("button", { name: "Remove it and its record" }));
  expect(await screen.findByText("Nobody is told")).toBeInTheDocument();
});

test("a list that cannot be read says so and offers to try again", async () => {
  server.use(http.get("*/api/projects/1/webhooks/", () => HttpResponse.json({ code: "server_error", message: "Something broke." }, { status: 500 })));
  renderAt(<WebhooksPanel project={1} />);
  expect(await screen.findByText("The webhooks could not be read")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Try again" })).toBeInTheDocument();
});
