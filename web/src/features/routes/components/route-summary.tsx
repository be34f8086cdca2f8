// A route in words: its rules in their order, with condition, strategy, arms, targets, constraints and retries.
import type { Connection, Route, RouteRule, RouteTarget } from "@/api/types";
import { Card } from "@/components/ui/card";
import { constraintLines } from "@/lib/constraint-words";
import {
  armsOf,
  experimentSentence,
  retryWords,
  shareWords,
  strategyName,
  strategySentence,
} from "../lib/strategy-words";
import styles from "./route-summary.module.css";

interface RouteSummaryProps {
  route: Pick<Route, "rules">;
  /** Names of the project's connections by id. */
  connections: ReadonlyMap<Connection["id"], string>;
}

export function RouteSummary({ route, connections }: RouteSummaryProps) {
  const { rules } = route;
  const isOne = rules.length === 1;
  return (
    <>
      {!isOne && (
        <p className={styles["intro"]}>The first rule whose condition holds decides. The last has none.</p>
      )}
      <ol className={styles["rules"]}>
        {rules.map((rule, index) => (
          <li key={rule.name}>
            <Card label={isOne ? "Every request" : `Rule ${index + 1}, ${rule.name}`}>
              <Rule rule={rule} number={isOne ? null : index + 1} connections={connections} />
            </Card>
          </li>
        ))}
      </ol>
    </>
  );
}

interface RuleProps {
  rule: RouteRule;
  number: number | null;
  connections: RouteSummaryProps["connections"];
}

function Rule({ rule, number, connections }: RuleProps) {
  const constraints = constraintLines(rule.constraints);
  return (
    <>
      <h2 className={styles["title"]}>{number === null ? "Every request" : `${number}. ${rule.name}`}</h2>
      <dl className={styles["facts"]}>
        {number !== null && (
          <>
            <dt>When</dt>
            <dd>{rule.when === null ? "no rule before it took the request" : <code>{rule.when}</code>}</dd>
          </>
        )}
        <dt>Strategy</dt>
        <dd>
          {strategyName(rule.strategy)}
          <span className={styles["note"]}>{strategySentence(rule.strategy)}</span>
        </dd>
        {rule.experiment && (
          <>
            <dt>Experiment</dt>
            <dd>{experimentSentence(rule.experiment)}</dd>
          </>
        )}
        <dt>Targets</dt>
        <dd>
          {rule.experiment === null ? (
            <Targets targets={rule.targets} rule={rule} connections={connections} />
          ) : (
            armsOf(rule).map(({ name, share, targets }) => (
              <section key={name} aria-label={name}>
                {name} <span className={styles["aside"]}>{share}</span>
                <Targets targets={targets} rule={rule} connections={connections} />
              </section>
            ))
          )}
        </dd>
        <dt>Constraints</dt>
        <dd>
          {constraints.length === 0 && (
            <span className={styles["aside"]}>none beyond those of other levels</span>
          )}
          {constraints.map(({ name, label, text }) => (
            <p key={name}>
              <span className={styles["aside"]}>{label}:</span> {text}
            </p>
          ))}
        </dd>
        <dt>Reliability</dt>
        <dd>{retryWords(rule.retry)}</dd>
      </dl>
    </>
  );
}

interface TargetsProps {
  targets: readonly RouteTarget[];
  rule: RouteRule;
  connections: RouteSummaryProps["connections"];
}

function Targets({ targets, rule, connections }: TargetsProps) {
  return (
    <ol className={styles["targets"]}>
      {targets.map((target, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two targets may be the same, and they are drawn whole
        <li key={index}>
          <span className="mono">{target.model}</span>{" "}
          <span className={styles["aside"]}>
            {[
              shareWords(target, rule),
              target.connection && `only over ${connections.get(target.connection) ?? target.connection}`,
            ]
              .filter(Boolean)
              .join(" · ")}
          </span>
        </li>
      ))}
    </ol>
  );
}
