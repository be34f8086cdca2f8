// Which ways are left for each rule of a document, as connections, prices and constraints of all levels now are.
import type { RuleReach } from "@/api/types";
import styles from "./rule-reach-list.module.css";

export function RuleReachList({ rules }: { rules: readonly RuleReach[] }) {
  return (
    <div className={styles["reach"]}>
      <h2 className={styles["title"]}>What could serve now</h2>
      <dl className={styles["rules"]}>
        {rules.map(({ rule, endpoints }) => (
          <div key={rule} className={styles["rule"]}>
            <dt className={styles["name"]}>{rule}</dt>
            {endpoints.length === 0 ? (
              <dd className={styles["nothing"]}>nothing</dd>
            ) : (
              <dd>
                <ol className={styles["ways"]}>
                  {endpoints.map(({ model, provider, connection }) => (
                    <li key={`${model} ${provider} ${connection}`}>
                      <span className="mono">{model}</span>{" "}
                      <span className={styles["over"]}>
                        {connection === null ? "by the gateway itself" : `over ${connection}, ${provider}`}
                      </span>
                    </li>
                  ))}
                </ol>
              </dd>
            )}
          </div>
        ))}
      </dl>
    </div>
  );
}
