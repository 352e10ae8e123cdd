import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Providers } from "./app/providers";
import { makeQueryClient } from "./app/queryClient";
import { Routed } from "./app/Routed";
import { makeRouter } from "./app/router";
import "./styles/tokens.css";
import "./styles/base.css";
import "./components/components.css";

const client = makeQueryClient();
const router = makeRouter();

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Providers client={client}>
      <Routed router={router} />
    </Providers>
  </StrictMode>,
);
