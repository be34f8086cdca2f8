// What the server says of a document: each finding at its line, and what is left for each rule.
import type { UseQueryResult } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";
import type { RouteCheck, RouteFinding } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Notice } from "@/components/ui/notice";
import { plural } from "@/lib/format";
import { countOf } from "../lib/finding-places";
import styles from "./check-result.module.css";
import { RuleReachList } from "./rule-reach-list";

interface CheckResultProps {
  findings: readonly RouteFinding[];
  check: UseQueryResult<RouteCheck>;
  /** Whether the answer is about the text as it now is. */
  isCurrent: boolean;
  wasRefused: boolean;
  onGoTo: (line: number) => void;
}

export function CheckResult({ findings, check, isCurrent, wasRefused, onGoTo }: CheckResultProps) {
  if (check.isError && !wasRefused) {
    return (
      <Notice tone="warn">
        The document could not be checked: {asProblem(check.error).message} It is checked again when it is
        saved.
      </Notice>
    );
  }
  const rules = check.data?.rules ?? [];
  return (
    <section className={styles["result"]} aria-label="Check">
      <p role="status" className={styles["verdict"]}>
        {isCurrent || wasRefused ? <Verdict findings={findings} /> : <Badge tone="idle">Checking…</Badge>}
      </p>
      {findings.length > 0 && (
        <ul className={styles["list"]} aria-label="Findings">
          {findings.map((finding) => (
            <Finding
              key={`${finding.pointer} ${finding.code} ${finding.line ?? 0}`}
              finding={finding}
              onGoTo={onGoTo}
            />
          ))}
        </ul>
      )}
      {rules.length > 0 && <RuleReachList rules={rules} />}
    </section>
  );
}

function Verdict({ findings }: { findings: readonly RouteFinding[] }) {
  const errors = countOf(findings, "error");
  const warnings = countOf(findings, "warning");
  if (errors > 0) return <Badge tone="bad">{`Cannot be published: ${plural(errors, "error")}`}</Badge>;
  if (warnings > 0)
    return <Badge tone="warn">{`Can be published, with ${plural(warnings, "warning")}`}</Badge>;
  return <Badge tone="ok">Can be published</Badge>;
}

function Finding({ finding, onGoTo }: { finding: RouteFinding; onGoTo: (line: number) => void }) {
  const { severity, line, pointer, detail } = finding;
  return (
    <li className={`${styles["finding"]} ${styles[severity]}`}>
      <span className={styles["place"]}>
        <span className={styles["severity"]}>{severity === "error" ? "Error" : "Warning"}</span>
        {line ? (
          <button type="button" className={styles["line"]} onClick={() => onGoTo(line)}>
            line {line}
          </button>
        ) : (
          pointer && <code>{pointer}</code>
        )}
      </span>
      <span className={styles["detail"]}>{detail}</span>
    </li>
  );
}
