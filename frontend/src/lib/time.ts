/** 754.43 → "12:34.430"; from an hour on "1:12:34.430". Rounds to the millisecond once, so 59.9996 is 01:00.000. */
export function formatTime(seconds: number): string {
  const total = Math.max(0, Math.round(seconds * 1000));
  const ms = total % 1000;
  const s = Math.floor(total / 1000) % 60;
  const m = Math.floor(total / 60_000) % 60;
  const h = Math.floor(total / 3_600_000);
  const tail = `${pad(s)}.${String(ms).padStart(3, "0")}`;
  return h > 0 ? `${h}:${pad(m)}:${tail}` : `${pad(m)}:${tail}`;
}

/** A length to the second: "41:12", "1:02:03". */
export function formatLength(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const h = Math.floor(total / 3600);
  const m = Math.floor(total / 60) % 60;
  const s = total % 60;
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${pad(m)}:${pad(s)}`;
}

/** A sum in words: "3 h 41 min", "12 min", "48 s". */
export function formatSpan(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const h = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${h} h` : `${h} h ${minutes % 60} min`;
}

/** A primitive's own length: "2.67 s". */
export function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(2)} s`;
}

const AGO: [limit: number, unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86_400, "hour", 3600],
  [Infinity, "day", 86_400],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "3 minutes ago", as of `now`. */
export function formatAgo(iso: string, now: number = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 10) return "just now";
  const [, unit, size] = AGO.find(([limit]) => seconds < limit) ?? AGO[AGO.length - 1]!;
  return relative.format(-Math.round(seconds / size), unit);
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
