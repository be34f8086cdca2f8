// What a simulation does not say: requests that it could not decide, rules that nothing came to, and what numbers leave out.
import type { RouteSimulation } from "@/api/types";
import { Card } from "@/components/ui/card";
import { formatInteger, plural } from "@/lib/format";
import { reasonWords } from "../lib/simulation-words";
import styles from "./simulation-limits.module.css";

export function SimulationLimits({ simulation }: { simulation: RouteSimulation }) {
  const { not_simulated, rules, caveats, requests, simulated } = simulation;
  return (
    <div className={styles["limits"]}>
      <Card label="Not simulated">
        <h2 className={styles["title"]}>Not simulated</h2>
        {not_simulated.length === 0 ? (
          <p className={styles["text"]}>Every request could be decided again.</p>
        ) : (
          <>
            <p className={styles["text"]}>
              {plural(requests - simulated, "request")} of {formatInteger(requests)} count in no number here:
            </p>
            <ul className={styles["counts"]} aria-label="Reasons">
              {not_simulated.map((group) => (
                <li key={`${group.reason} ${group.fact}`}>
                  <b className="num">{formatInteger(group.requests)}</b>
                  <span>{reasonWords(group)}</span>
                </li>
              ))}
            </ul>
          </>
        )}
        {caveats.length > 0 && (
          <ul className={styles["caveats"]} aria-label="Keep in mind">
            {caveats.map(({ code, detail }) => (
              <li key={code}>{detail}</li>
            ))}
          </ul>
        )}
      </Card>
      <Card label="Rules">
        <h2 className={styles["title"]}>Rules of the draft</h2>
        <ul className={styles["counts"]} aria-label="Requests by rule">
          {rules.map(({ rule, requests: taken }) => (
            <li key={rule}>
              <b className="num">{formatInteger(taken)}</b>
              <span>
                <code>{rule}</code>
                {taken === 0 && <span className={styles["none"]}> nothing came to it</span>}
              </span>
            </li>
          ))}
        </ul>
      </Card>
    </div>
  );
}
