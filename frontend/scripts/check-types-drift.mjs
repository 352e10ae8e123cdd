// Fails when src/api/schema.d.ts is not what src/api/openapi.yaml generates. `npm run types` mends it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "kineme-types-"));
try {
  const fresh = join(folder, "schema.d.ts");
  execFileSync(join("node_modules", ".bin", "openapi-typescript"), ["src/api/openapi.yaml", "-o", fresh], { stdio: "pipe" });
  if (readFileSync(fresh, "utf8") !== readFileSync("src/api/schema.d.ts", "utf8")) {
    console.error("src/api/schema.d.ts is not what src/api/openapi.yaml generates: run `npm run types`.");
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
