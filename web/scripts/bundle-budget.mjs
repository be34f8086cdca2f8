// Fails the build when the JavaScript needed for a first paint outgrows its budget (gzip).
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 250;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const files = new Set();
function visit(name) {
  const chunk = manifest[name];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const dependency of chunk.imports ?? []) visit(dependency);
}
visit("index.html");

const bytes = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);
const kb = bytes / 1000;
console.log(`initial JavaScript: ${kb.toFixed(1)} kB gzip of ${BUDGET_KB} kB`);
if (kb > BUDGET_KB) {
  console.error("The initial bundle is over budget: load the heavy part lazily.");
  process.exit(1);
}
