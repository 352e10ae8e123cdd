import { expect, test } from "vitest";
import { formatAgo, formatLength, formatSpan, formatTime } from "./time";

test("a time reads as minutes, seconds and milliseconds", () => {
  expect(formatTime(0)).toBe("00:00.000");
  expect(formatTime(12.43)).toBe("00:12.430");
  expect(formatTime(754.4304)).toBe("12:34.430");
});

test("rounding carries into the minute instead of showing 60 seconds", () => {
  expect(formatTime(59.9996)).toBe("01:00.000");
});

test("hours appear only when there are any", () => {
  expect(formatTime(3599.999)).toBe("59:59.999");
  expect(formatTime(3723.5)).toBe("1:02:03.500");
});

test("a time before the start shows the start", () => {
  expect(formatTime(-0.02)).toBe("00:00.000");
});

test("lengths and sums are coarse", () => {
  expect(formatLength(2472)).toBe("41:12");
  expect(formatSpan(48.4)).toBe("48 s");
  expect(formatSpan(13_260)).toBe("3 h 41 min");
  expect(formatSpan(7200)).toBe("2 h");
});

test("an age is told in its largest unit", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(formatAgo("2026-01-01T23:59:57Z", now)).toBe("just now");
  expect(formatAgo("2026-01-01T23:57:00Z", now)).toBe("3 minutes ago");
  expect(formatAgo("2026-01-01T00:00:00Z", now)).toBe("yesterday");
});
