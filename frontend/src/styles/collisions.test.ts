import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const sheets = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".css"));

// Actions dress the cards and the legend of clusters further, and load after them.
const SHARED = new Set([".cluster-card", ".cluster-card .words", ".legend button"]);

test("no two stylesheets dress the same class: screens load them in any order", () => {
  const owner = new Map<string, string>();
  const twice: string[] = [];
  for (const file of sheets) {
    const rules = readFileSync(`src/${file}`, "utf8").replaceAll(/\/\*[^]*?\*\//g, "").matchAll(/([^{}]+)\{/g);
    for (const selector of [...rules].flatMap(([, list]) => list!.split(",").map((one) => one.trim()))) {
      if (!selector.startsWith(".") || SHARED.has(selector)) continue;
      if ((owner.get(selector) ?? file) !== file) twice.push(`${selector} in ${owner.get(selector)} and ${file}`);
      owner.set(selector, file);
    }
  }
  expect(owner.size).toBeGreaterThan(300);
  expect(twice).toEqual([]);
});
