import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Empty, Failed, Skeleton } from "../../components/PanelState";
import { ClusterCard } from "./ClusterCard";
import { clustersQuery } from "./queries";
import "./clusters.css";

interface ClusterGridProps {
  run: number;
  linkTo: (index: number) => string;
  onPoint: (index: number | null) => void;
  emptyStep?: ReactNode;
}

export function ClusterGrid({ run, linkTo, onPoint, emptyStep }: ClusterGridProps) {
  const clusters = useQuery(clustersQuery(run));

  if (clusters.isPending) return <Skeleton label="Loading clusters…" className="cluster-grid" height={260} rows={6} />;
  if (clusters.isError) return <Failed what="The clusters could not be read" error={clusters.error} onRetry={() => void clusters.refetch()} />;
  if (clusters.data.length === 0)
    return (
      <Empty title="No clusters" icon="map" actions={emptyStep}>
        Clusters appear when the run has cut its videos and put what moves alike together.
      </Empty>
    );
  return (
    <ul className="cluster-grid" aria-label="Clusters">
      {clusters.data.map((cluster) => (
        <ClusterCard key={cluster.id} cluster={cluster} to={linkTo(cluster.index)} onPoint={onPoint} />
      ))}
    </ul>
  );
}
