// Asks for the proof of a claim, for all calls of the project or those of one key.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { SelectField } from "@/components/ui/field";
import { FormProblem } from "@/components/ui/form-problem";
import { useConnectionNames } from "@/hooks/use-connection-names";
import { projectPartsQuery } from "@/hooks/use-scope-names";
import { useProof } from "../api/prove";
import { type ConstraintDraft, EMPTY, isEmpty, placesUnder, writtenOf } from "../lib/constraint-draft";
import { ConstraintFields } from "./constraint-fields";
import styles from "./constraint-form.module.css";
import { ProofResult } from "./proof-result";

const ROOT = "/claim";

interface ProofCardProps {
  project: string;
  /** Changes with what is demanded: a proof is told only while that is what it was made under. Null while it is not known. */
  inForce: string | null;
}

export function ProofCard({ project, inForce }: ProofCardProps) {
  const proof = useProof(project);
  const parts = useQuery(projectPartsQuery(project));
  const connections = useConnectionNames(project);
  const [claim, setClaim] = useState(EMPTY);
  const [key, setKey] = useState("");
  const [madeUnder, setMadeUnder] = useState(inForce);

  function change(next: ConstraintDraft) {
    setClaim(next);
    // An answer is about the claim it was asked for.
    proof.reset();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    setMadeUnder(inForce);
    proof.mutate({ claim: writtenOf(claim), ...(key ? { key } : {}) });
  }

  return (
    <Card label="Proof">
      <form className={styles["form"]} onSubmit={submit}>
        <div>
          <h2 className={styles["title"]}>Prove a claim</h2>
          <p className={styles["note"]}>
            Looks at every model over every account, at all prices to come. Either no call can reach what the
            claim forbids, or you are shown one that can. Nothing is changed.
          </p>
        </div>
        <FormProblem error={proof.error} places={placesUnder(ROOT)} />
        <ConstraintFields
          draft={claim}
          onChange={change}
          errors={proof.error ? asProblem(proof.error).pointers : {}}
          root={ROOT}
          above={null}
        />
        <SelectField
          label="For the calls of"
          value={key}
          onChange={(event) => {
            setKey(event.target.value);
            proof.reset();
          }}
        >
          <option value="">any key of the project</option>
          {parts.data?.keys.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
        <div>
          <Button
            type="submit"
            variant="primary"
            disabled={isEmpty(claim) || inForce === null}
            pending={proof.isPending && "Proving…"}
          >
            Prove
          </Button>
        </div>
        <div role="status">
          {proof.data && madeUnder === inForce && (
            <ProofResult proof={proof.data} connections={connections} />
          )}
        </div>
      </form>
    </Card>
  );
}
