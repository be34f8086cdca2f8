import { expect, test } from "vitest";
import { busyStatements, catalogWith } from "@/testing/catalog";
import { aboutWords, FACT_NAMES, factRows, linkOf, statedWords, valueWords } from "./fact-words";
import { parseFactsSearch } from "./facts-search";
import { newStatement, statementBody } from "./statement-draft";

const statements = busyStatements(Date.parse("2026-11-27T12:00:00Z"));

test("every fact has a row, and what is not known is told as such", () => {
  const mistral = catalogWith(statements).find(({ id }) => id.startsWith("mistralai/"))?.endpoints[0];
  const rows = factRows(mistral?.facts ?? []);
  expect(rows.map(({ name }) => name)).toEqual(FACT_NAMES);
  const known = Object.fromEntries(rows.map(({ name, known: it }) => [name, it?.text ?? null]));
  expect(known).toEqual({
    processing: "EU",
    operator_home: "FR",
    retention_days: "keeps nothing",
    trains: "does not train on prompts and answers",
    certifications: "ISO 27001",
    quantization: null,
    author_home: "FR",
    open_weights: "published",
    license: null,
    distillable: null,
    tools: null,
    json_schema: null,
    reasoning: null,
  });
  expect(rows.find(({ name }) => name === "trains")?.known).toMatchObject({
    isStated: true,
    asOf: "2026-02-11",
  });
  expect(rows.find(({ name }) => name === "author_home")?.known).toMatchObject({
    isStated: false,
    asOf: null,
  });
});

test("values of every type have words", () => {
  expect(valueWords("retention_days", 30)).toBe("keeps for at most 30 days");
  expect(valueWords("retention_days", 1)).toBe("keeps for at most 1 day");
  expect(valueWords("trains", true)).toBe("trains on prompts or answers");
  expect(valueWords("certifications", ["SOC 2", "ISO 27001"])).toBe("SOC 2, ISO 27001");
});

test("only pages of the web become links", () => {
  expect(linkOf("https://openai.com/about/")).toBe("https://openai.com/about/");
  expect(linkOf("javascript:alert(1)")).toBe(null);
  expect(linkOf("https://a.example and more")).toBe(null);
  expect(linkOf("contract 4711")).toBe(null);
});

test("a statement says about what it is, and only what it states", () => {
  const [statement] = statements;
  if (!statement) throw new Error("there is no statement");
  expect(statedWords(statement)).toEqual([
    "Processed in: EU",
    "Retention: keeps nothing",
    "Training: does not train on prompts and answers",
    "Certificates: ISO 27001",
  ]);
  const about = { provider: null, connection: "con_1", model: "openai/*" };
  expect(aboutWords({ ...statement, about }, new Map([["con_1", "main"]]))).toBe(
    "connection main, model openai/*",
  );
});

test("an empty field states nothing; a zero and a no do", () => {
  const draft = { ...newStatement("openai", "2026-11-27"), evidence: "  contract 4711  " };
  expect(statementBody(draft)).toEqual({
    about: { provider: "openai" },
    facts: {},
    evidence: "contract 4711",
    as_of: "2026-11-27",
  });
  const said = { ...draft, retention_days: "0", trains: "no" as const, certifications: "SOC 2, ,ISO 27001" };
  expect(statementBody(said).facts).toEqual({
    retention_days: 0,
    trains: false,
    certifications: ["SOC 2", "ISO 27001"],
  });
});

test("the URL names a part of a model and a provider", () => {
  expect(parseFactsSearch({ q: "gpt", provider: "", other: "x" })).toEqual({ q: "gpt" });
});
