import { useState } from "react";
import type { ConstraintProof } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Notice } from "@/components/ui/notice";
import { constraintLabel } from "@/lib/constraint-words";
import { counterexampleWords, verdictWords } from "../lib/proof-words";
import styles from "./proof-result.module.css";

interface ProofResultProps {
  proof: ConstraintProof;
  connections: ReadonlyMap<string, string>;
}

export function ProofResult({ proof, connections }: ProofResultProps) {
  const [asked] = useState(() => Date.now());
  const isVacuous = proof.candidates === 0;
  return (
    <div className={styles["result"]}>
      <Notice tone={isVacuous ? "warn" : proof.holds ? "ok" : "warn"}>{verdictWords(proof)}</Notice>
      <ul className={styles["list"]} aria-label="Constraints of the claim">
        {proof.constraints.map(({ constraint, holds, counterexample }) => (
          <li key={constraint} className={styles["line"]}>
            <span className={styles["name"]}>{constraintLabel(constraint)}</span>
            <Badge tone={holds ? "ok" : "bad"}>{holds ? "holds" : "does not hold"}</Badge>
            {counterexample && (
              <span className={styles["why"]}>{counterexampleWords(counterexample, connections, asked)}</span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
