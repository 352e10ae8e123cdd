import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { agreementKeys } from "../features/agreement/queries";
import { runKeys } from "../features/runs/queries";
import { stage } from "../testing/fixtures";
import { useLiveUpdates, type Change } from "./liveUpdates";

class FakeEventSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static all: FakeEventSource[] = [];
  readyState = FakeEventSource.CONNECTING;
  constructor(readonly url: string) {
    super();
    FakeEventSource.all.push(this);
  }
  close() {
    this.readyState = FakeEventSource.CLOSED;
  }
  becomes(state: "open" | "error") {
    this.readyState = state === "open" ? FakeEventSource.OPEN : FakeEventSource.CONNECTING;
    this.dispatchEvent(new Event(state));
  }
  tells(change: Change) {
    this.dispatchEvent(new MessageEvent("change", { data: JSON.stringify(change) }));
  }
}

const last = () => FakeEventSource.all.at(-1)!;
let hidden = false;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", FakeEventSource);
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
  FakeEventSource.all = [];
  hidden = false;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function setUp() {
  const client = new QueryClient();
  const asked = vi.spyOn(client, "invalidateQueries").mockResolvedValue();
  const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
  const view = renderHook(() => useLiveUpdates(1), { wrapper });
  return { client, asked, ...view };
}

const done: Change = { kind: "stage", id: 1, project: 1, run: 7, video: 1, stage: "track", status: "done", progress: 1, message: "" };

test("many changes at once ask the server once for each thing that changed", () => {
  const { client, asked, result } = setUp();
  client.setQueryData(runKeys.stages(7), [stage({ status: "running" })]);
  act(() => last().becomes("open"));
  expect(result.current).toBe(true);
  act(() => {
    for (let i = 0; i < 20; i += 1) last().tells(done);
    vi.advanceTimersByTime(1000);
  });
  const keys = asked.mock.calls.map(([filters]) => JSON.stringify(filters?.queryKey));
  expect(keys).toContain(JSON.stringify(runKeys.stages(7)));
  expect(new Set(keys).size).toBe(keys.length);
});

test("while the stream is cut, everything is asked for every five seconds", () => {
  const { asked, result } = setUp();
  act(() => last().becomes("open"));
  act(() => {
    vi.advanceTimersByTime(6000);
  });
  expect(asked).not.toHaveBeenCalled();
  act(() => last().becomes("error"));
  expect(result.current).toBe(false);
  act(() => {
    vi.advanceTimersByTime(6000);
  });
  expect(asked).toHaveBeenCalledWith({ queryKey: runKeys.all });
});

test("a tab nobody looks at keeps no connection, and reads everything when it is looked at again", () => {
  const { asked } = setUp();
  const first = last();
  act(() => first.becomes("open"));
  hidden = true;
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
  expect(first.readyState).toBe(FakeEventSource.CLOSED);
  hidden = false;
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
  expect(FakeEventSource.all).toHaveLength(2);
  act(() => last().becomes("open"));
  act(() => {
    vi.advanceTimersByTime(1000);
  });
  expect(asked).toHaveBeenCalledWith({ queryKey: runKeys.all });
});

test("leaving the project closes its stream", () => {
  const { unmount } = setUp();
  unmount();
  expect(last().readyState).toBe(FakeEventSource.CLOSED);
});

test("fifty people judging make a page ask for the figures every five seconds, not every second", () => {
  const { asked } = setUp();
  act(() => last().becomes("open"));
  const judged: Change = { ...done, kind: "reviews", stage: null, video: null, progress: null };
  act(() => {
    for (let i = 0; i < 200; i += 1) {
      last().tells(judged);
      vi.advanceTimersByTime(100);
    }
  });
  const times = asked.mock.calls.filter(([filters]) => JSON.stringify(filters?.queryKey) === JSON.stringify(agreementKeys.ofRun(7))).length;
  expect(times).toBeGreaterThanOrEqual(3);
  expect(times).toBeLessThanOrEqual(5);
});
