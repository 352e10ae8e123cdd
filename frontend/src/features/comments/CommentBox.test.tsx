import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { server } from "../../testing/server";
import { renderAt } from "../../testing/render";
import { CommentBox } from "./CommentBox";

const box = (draft: string, onSend: (text: string, sent: () => void) => void = () => undefined) => (
  <CommentBox key={draft} draft={draft} project={1} label="Comment" verb="Send" busy={false} error={null} onSend={onSend} />
);

test("what was typed and not sent waits until one comes back to it", async () => {
  server.use(http.get("*/api/projects/1/people/", () => HttpResponse.json([])));
  const first = renderAt(box("segment 1"));
  await userEvent.type(screen.getByLabelText("Comment"), "The cut comes late");
  first.unmount();
  const other = renderAt(box("segment 2"));
  expect(screen.getByLabelText("Comment")).toHaveValue("");
  other.unmount();
  const again = renderAt(box("segment 1", (_, sent) => sent()));
  expect(screen.getByLabelText("Comment")).toHaveValue("The cut comes late");
  await userEvent.click(screen.getByRole("button", { name: "Send" }));
  again.unmount();
  renderAt(box("segment 1"));
  expect(screen.getByLabelText("Comment")).toHaveValue("");
});
