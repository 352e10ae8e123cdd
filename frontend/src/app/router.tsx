import { createBrowserRouter, Navigate, type RouteObject } from "react-router";
import { NotFound } from "./routes/NotFound";
import { RouteError } from "./routes/RouteError";
import { Shell } from "./Shell";

/** Every screen but the frame is loaded when it is first opened. */
export const routes: RouteObject[] = [
  {
    errorElement: <RouteError />,
    hydrateFallbackElement: <div className="shell-wait" role="status" aria-label="Loading…" />,
    children: [
      { path: "/signin", lazy: async () => ({ Component: (await import("./routes/SignInRoute")).SignInRoute }) },
      { path: "/invite/:token", lazy: async () => ({ Component: (await import("./routes/InviteRoute")).InviteRoute }) },
      { path: "/reset", lazy: async () => ({ Component: (await import("./routes/ResetRoute")).ResetRequestRoute }) },
      { path: "/reset/:key", lazy: async () => ({ Component: (await import("./routes/ResetRoute")).ResetRoute }) },
      {
        element: <Shell />,
        children: [
          {
            errorElement: <RouteError />,
            children: [
              { index: true, element: <Navigate replace to="/projects" /> },
              { path: "/projects", lazy: async () => ({ Component: (await import("./routes/ProjectsRoute")).ProjectsRoute }) },
              { path: "/account", lazy: async () => ({ Component: (await import("./routes/AccountRoute")).AccountRoute }) },
              {
                path: "/projects/:project/members",
                lazy: async () => ({ Component: (await import("./routes/MembersRoute")).MembersRoute }),
              },
              { path: "/projects/:project", lazy: async () => ({ Component: (await import("./routes/VideosRoute")).VideosRoute }) },
              { path: "/projects/:project/runs", lazy: async () => ({ Component: (await import("./routes/RunsRoute")).RunsRoute }) },
              { path: "/projects/:project/runs/:run", lazy: async () => ({ Component: (await import("./routes/RunRoute")).RunRoute }) },
              { path: "/projects/:project/map", lazy: async () => ({ Component: (await import("./routes/NewestMapRoute")).NewestMapRoute }) },
              { path: "/projects/:project/runs/:run/map", lazy: async () => ({ Component: (await import("./routes/MapRoute")).MapRoute }) },
              {
                path: "/projects/:project/clusters",
                lazy: async () => ({ Component: (await import("./routes/NewestClustersRoute")).NewestClustersRoute }),
              },
              {
                path: "/projects/:project/runs/:run/clusters",
                lazy: async () => ({ Component: (await import("./routes/ClustersRoute")).ClustersRoute }),
              },
              { path: "/projects/:project/runs/:run/flow", lazy: async () => ({ Component: (await import("./routes/FlowRoute")).FlowRoute }) },
              {
                path: "/projects/:project/runs/:run/review",
                lazy: async () => ({ Component: (await import("./routes/ReviewRoute")).ReviewRoute }),
              },
              {
                path: "/projects/:project/runs/:run/coherence",
                lazy: async () => ({ Component: (await import("./routes/CoherenceRoute")).CoherenceRoute }),
              },
              {
                path: "/projects/:project/videos/:video",
                lazy: async () => ({ Component: (await import("./routes/WorkbenchRoute")).WorkbenchRoute }),
              },
              { path: "/projects/:project/search", lazy: async () => ({ Component: (await import("./routes/SearchRoute")).SearchRoute }) },
              { path: "/projects/:project/exports", lazy: async () => ({ Component: (await import("./routes/ExportsRoute")).ExportsRoute }) },
              { path: "/projects/:project/compare", lazy: async () => ({ Component: (await import("./routes/CompareRoute")).CompareRoute }) },
              { path: "/projects/:project/versions", lazy: async () => ({ Component: (await import("./routes/VersionsRoute")).VersionsRoute }) },
              { path: "/projects/:project/review", lazy: async () => ({ Component: (await import("./routes/TeamReviewRoute")).TeamReviewRoute }) },
              { path: "/projects/:project/audit", lazy: async () => ({ Component: (await import("./routes/AuditRoute")).AuditRoute }) },
              { path: "*", element: <NotFound /> },
            ],
          },
        ],
      },
    ],
  },
];

export const makeRouter = () => createBrowserRouter(routes);
