import { Link } from "react-router";
import { Empty } from "../../components/PanelState";
import { useTitle } from "./useTitle";

export function NotFound() {
  useTitle("Not found");
  return (
    <Empty
      title="Nothing is at this address"
      icon="map"
      actions={
        <Link className="button" to="/projects">
          Go to your projects
        </Link>
      }
    >
      It may have been removed, or it is not yours to see.
    </Empty>
  );
}
