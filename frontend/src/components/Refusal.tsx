import { Icon } from "./Icon";

/** Why a form was refused, in the server's words. */
export function Refusal({ error }: { error: Error | null }) {
  if (!error) return null;
  return (
    <p role="alert" className="notice bad">
      <Icon name="warning" /> {error.message}
    </p>
  );
}
