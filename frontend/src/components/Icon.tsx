const PATHS = {
  videos: "M3 5h10v9H3zM13 8l4-2.5v8L13 11",
  runs: "M3 10h3l2-5 3.5 10L14 8l1.2 2H17",
  map: "M5.5 6.5h.01M9 12h.01M13.5 5h.01M14.5 11.5h.01M6.5 15h.01M10.5 8h.01M16.5 15.5h.01M4 10.5h.01",
  projects: "M3 4h6v5H3zM11 4h6v5h-6zM3 11h6v5H3zM11 11h6v5h-6z",
  play: "M6 4l10 6-10 6z",
  pause: "M6 4h3v12H6zM11 4h3v12h-3z",
  previous: "M15 4L8 10l7 6zM5 4h1.5v12H5z",
  next: "M5 4l7 6-7 6zM13.5 4H15v12h-1.5z",
  frameBack: "M12.5 5l-5 5 5 5",
  frameForward: "M7.5 5l5 5-5 5",
  loop: "M4 9a4 4 0 014-4h7M12.5 2.5L15 5l-2.5 2.5M16 11a4 4 0 01-4 4H5M7.5 17.5L5 15l2.5-2.5",
  close: "M5 5l10 10M15 5L5 15",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  check: "M4 10.5l4 4 8-9",
  warning: "M10 3.5l7.5 13h-15zM10 8v4M10 14.2h.01",
  retry: "M15.5 8A6 6 0 104 11M15.5 3.5V8H11",
  upload: "M10 14V4M6 8l4-4 4 4M4 14v2.5h12V14",
  sun: "M10 6.5a3.5 3.5 0 110 7 3.5 3.5 0 010-7M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1",
  moon: "M16 11.5A6.5 6.5 0 018.5 4 6.5 6.5 0 1016 11.5z",
  user: "M10 4a3 3 0 110 6 3 3 0 010-6M4 17c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5",
  chevron: "M5.5 8l4.5 4.5L14.5 8",
  right: "M8 5.5l4.5 4.5L8 14.5",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.7 10.5h7.6L14.5 6",
  keys: "M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.5h7",
  similar: "M3 6h6v8H3zM11 6h6v8h-6zM6 3.5h8",
  clock: "M10 3.5a6.5 6.5 0 110 13 6.5 6.5 0 010-13M10 6.5V10l2.5 1.5",
  fit: "M3 7V3h4M17 7V3h-4M3 13v4h4M17 13v4h-4",
  jobs: "M4 5.5h12M4 10h8M4 14.5h5",
  undo: "M8 5L4 9l4 4M4 9h7.5a4 4 0 010 8H8",
  redo: "M12 5l4 4-4 4M16 9H8.5a4 4 0 000 8H12",
  lanes: "M3 5h9M14.5 5H17M3 10h4M9.5 10H17M3 15h6M11.5 15H17",
  move: "M10 3v14M3 10h14M10 3L8 5M10 3l2 2M10 17l-2-2M10 17l2-2M3 10l2-2M3 10l2 2M17 10l-2-2M17 10l-2 2",
  lasso: "M10 4c4 0 7 1.8 7 4.2S14 12.5 10 12.5 3 10.6 3 8.2 6 4 10 4M6 12c-1.5.6-2 2.4-.6 3 1.3.5 2.2-.6 1.7-2.5M7 14.5c.2 1-.3 2-1.3 2.5",
  rectangle: "M4 5h12v10H4z",
  download: "M10 4v9M6 9.5l4 4 4-4M4 15v2h12v-2",
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
  pencil: "M4 16l.8-3.4L13 4.4l2.6 2.6-8.2 8.2z",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  flow: "M5 5.5h.01M15 5.5h.01M10 15h.01M6.5 5.5h6M14.3 7.2l-3 5.6M8.7 13.3l-3-6",
  search: "M9 3.5a5.5 5.5 0 110 11 5.5 5.5 0 010-11M13 13l4 4",
  compare: "M4 6h9M10.5 3.5L13 6l-2.5 2.5M16 14H7M9.5 11.5L7 14l2.5 2.5",
  stop: "M5.5 5.5h9v9h-9z",
  review: "M4 4.5h12v8.5H9l-3 3v-3H4zM7 9l2 2 4-4",
  bell: "M5 14h10l-1.2-2V8.5a3.8 3.8 0 00-7.6 0V12zM8.5 16.2a1.6 1.6 0 003 0",
} as const;

export type IconName = keyof typeof PATHS;

const SOLID: ReadonlySet<IconName> = new Set(["play", "pause", "previous", "next", "stop"]);

/** Drawn beside words or inside a labelled button, so hidden from assistive technology. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  const solid = SOLID.has(name);
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill={solid ? "currentColor" : "none"}
      stroke={solid ? "none" : "currentColor"}
      strokeWidth={name === "map" || name === "more" ? 2.6 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
