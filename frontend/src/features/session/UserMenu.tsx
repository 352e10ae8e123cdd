import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Icon } from "../../components/Icon";
import { Popover } from "../../components/Popover";
import { paths } from "../../lib/paths";
import { setTheme, useTheme } from "../../lib/theme";
import { useSignOut } from "./mutations";
import { sessionQuery } from "./queries";

export function UserMenu() {
  const session = useQuery(sessionQuery);
  const theme = useTheme();
  const signOut = useSignOut();
  const user = session.data?.user;
  const name = user?.display_name || user?.username || "you";
  const other = theme === "dark" ? "light" : "dark";

  return (
    <Popover label="You" className="icon-button" trigger={<Icon name="user" size={18} />}>
      {(close) => (
        <>
          <p className="menu-note">
            <span className="strong">{name}</span>
            {session.data && <small className="muted">Kineme {session.data.version}</small>}
          </p>
          <Link to={paths.account} className="menu-item" onClick={close}>
            <Icon name="keys" /> Account
          </Link>
          <button type="button" className="menu-item" onClick={() => setTheme(other)}>
            <Icon name={other === "light" ? "sun" : "moon"} />
            {other === "light" ? "Light theme" : "Dark theme"}
          </button>
          <button type="button" className="menu-item" onClick={() => signOut.mutate()} disabled={signOut.isPending}>
            <Icon name="right" /> Sign out
          </button>
        </>
      )}
    </Popover>
  );
}
