import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { connection } from "../api/connection";
import { Icon } from "../components/Icon";

const KNOCK_MS = 2500;

/** Says that the server is away, keeps knocking, and reads everything again when it is back. */
export function ConnectionBanner() {
  const away = useSyncExternalStore(connection.subscribe, () => connection.away);
  const client = useQueryClient();

  useEffect(() => {
    if (!away) return;
    let knocking = true;
    const knock = async () => {
      try {
        const response = await fetch("/api/session/", { credentials: "same-origin", cache: "no-store" });
        if (knocking && response.ok) {
          connection.found();
          void client.invalidateQueries();
        }
      } catch {
        // Still away: the next knock comes by itself.
      }
    };
    const timer = setInterval(() => void knock(), KNOCK_MS);
    return () => {
      knocking = false;
      clearInterval(timer);
    };
  }, [away, client]);

  if (!away) return null;
  return (
    <div className="connection-banner" role="status">
      <Icon name="warning" />
      The server does not answer. Trying again; nothing is lost, uploads wait for it.
    </div>
  );
}
