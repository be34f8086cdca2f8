// The folder rules: app -> features -> shared, features apart from each other, no barrels, no long files.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const SRC = import.meta.dirname;
const MOST_LINES = 250;

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".gen.ts"))
  .map((file) => ({ file, text: readFileSync(join(SRC, file), "utf8") }));

function imports({ file, text }: { file: string; text: string }): string[] {
  return [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].flatMap(([, name = ""]) => {
    if (name.startsWith("@/")) return [name.slice(2)];
    return name.startsWith(".") ? [relative(SRC, resolve(SRC, dirname(file), name))] : [];
  });
}

function breaches(): string[] {
  return files.flatMap((source) => {
    const [layer, feature] = source.file.split("/");
    if (layer === "testing" || source.file.includes(".test.") || source.file === "main.tsx") return [];
    return imports(source)
      .filter((target) => {
        const [targetLayer, targetFeature] = target.split("/");
        if (targetLayer === "testing") return true;
        if (layer === "app") return false;
        if (layer === "features") {
          return targetLayer === "app" || (targetLayer === "features" && targetFeature !== feature);
        }
        return targetLayer === "app" || targetLayer === "features";
      })
      .map((target) => `${source.file} imports ${target}`);
  });
}

test("imports go from app to features to shared folders, and never back or across", () => {
  expect(breaches()).toEqual([]);
});

test("there are no index files", () => {
  expect(files.filter(({ file }) => /(^|\/)index\.tsx?$/.test(file))).toEqual([]);
});

test(`no file is longer than ${MOST_LINES} lines`, () => {
  expect(files.filter(({ text }) => text.split("\n").length > MOST_LINES).map(({ file }) => file)).toEqual(
    [],
  );
});
