import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { encodeMap, mapOf } from "../../testing/map";
import { renderAt } from "../../testing/render";
import { server } from "../../testing/server";
import { useSelection } from "./useSelection";

function Shown({ run }: { run: number | null }) {
  const { sel, ids, set, pending, error } = useSelection(run);
  return (
    <>
      <p data-testid="sel">{sel ?? "none"}</p>
      <p data-testid="ids">{pending ? "pending" : ids === null ? "null" : ids.list().join(" ")}</p>
      {error && <p>{error.message}</p>}
      <button onClick={() => set("cluster:1")}>one</button>
      <button onClick={() => set(null)}>clear</button>
    </>
  );
}

const answered = () => {
  let asked = 0;
  server.use(
    http.get("*/api/runs/7/map/", () => {
      asked += 1;
      return HttpResponse.arrayBuffer(encodeMap(mapOf([{ id: 10 }, { id: 11, cluster: 1 }, { id: 12, cluster: 1 }])), { headers: { ETag: '"a"' } });
    }),
  );
  return () => asked;
};

test("the address says what is selected, and the map which primitives that is", async () => {
  answered();
  window.history.replaceState(null, "", "/?sel=ids:12");
  renderAt(<Shown run={7} />, "/?sel=ids:12");
  expect(screen.getByTestId("ids")).toHaveTextContent("pending");
  expect(await screen.findByText("12")).toBeVisible();
  await userEvent.click(screen.getByText("one"));
  expect(screen.getByTestId("sel")).toHaveTextContent("cluster:1");
  expect(screen.getByTestId("ids")).toHaveTextContent("11 12");
  window.history.replaceState(null, "", "/?sel=cluster:1");
  await userEvent.click(screen.getByText("clear"));
  expect(screen.getByTestId("sel")).toHaveTextContent("none");
  expect(screen.getByTestId("ids")).toHaveTextContent("null");
});

test("a saved set is asked for once, and one that is gone is told", async () => {
  answered();
  server.use(
    http.get("*/api/sets/5/", () => HttpResponse.json({ id: 5, ids: [10, 12, 99] })),
    http.get("*/api/sets/6/", () => HttpResponse.json({ code: "not_found", message: "There is nothing here." }, { status: 404 })),
  );
  const view = renderAt(<Shown run={7} />, "/?sel=set:5");
  expect(await screen.findByText("10 12")).toBeVisible();
  view.unmount();
  renderAt(<Shown run={7} />, "/?sel=set:6");
  expect(await screen.findByText("There is nothing here.")).toBeVisible();
});

test("without a selection, or with nonsense for one, nothing is asked for", () => {
  const asked = answered();
  renderAt(<Shown run={7} />, "/?sel=what");
  expect(screen.getByTestId("sel")).toHaveTextContent("none");
  expect(screen.getByTestId("ids")).toHaveTextContent("null");
  expect(asked()).toBe(0);
});

test("without a run nothing is known", () => {
  renderAt(<Shown run={null} />, "/?sel=ids:1");
  expect(screen.getByTestId("ids")).toHaveTextContent("null");
});
