import { useEffect, useId, useLayoutEffect, useRef, useState, type ReactNode } from "react";

const EDGE = 8;

interface PopoverProps {
  label: string;
  trigger: ReactNode;
  className?: string;
  align?: "left" | "right";
  panelClassName?: string;
  children: (close: () => void) => ReactNode;
}

/** A disclosure: a button and what it opens. Closes on Escape, on a press elsewhere and when focus leaves. */
export function Popover({ label, trigger, className = "button quiet", align = "right", panelClassName = "", children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();

  // Hung from a button in the middle of a narrow screen it would begin or end outside.
  useLayoutEffect(() => {
    if (!open || !panel.current) return;
    const { left, right } = panel.current.getBoundingClientRect();
    const over = Math.min(0, document.documentElement.clientWidth - EDGE - right);
    panel.current.style.translate = `${left + over < EDGE ? EDGE - left : over}px`;
  }, [open]);

  useEffect(() => {
    if (!open) return;
    const onPress = (event: PointerEvent) => {
      if (!anchor.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", onPress);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onPress);
      document.removeEventListener("keydown", onKey);
    };
  }, [open]);

  return (
    <div
      ref={anchor}
      className="popover-anchor"
      onBlur={(event) => {
        if (event.relatedTarget && !anchor.current?.contains(event.relatedTarget)) setOpen(false);
      }}
    >
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={label}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen((was) => !was)}
      >
        {trigger}
      </button>
      {open && (
        <div ref={panel} id={id} role="group" aria-label={label} className={`popover ${align} ${panelClassName}`}>
          {children(() => setOpen(false))}
        </div>
      )}
    </div>
  );
}
