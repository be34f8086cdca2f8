// What the organization and the project demand of every endpoint, and the proof of a claim about it.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Constraints } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonRows } from "@/components/ui/skeleton";
import type { CurrentProject } from "@/hooks/use-project";
import { statesNothing } from "@/lib/constraint-words";
import { missingRole } from "@/lib/permissions";
import { constraintsQuery, type Holder } from "../api/constraints";
import { ConstraintList } from "./constraint-list";
import styles from "./constraints-panel.module.css";
import { EditConstraintsDialog } from "./edit-constraints-dialog";
import { ProofCard } from "./proof-card";

export function ConstraintsPanel({ current }: { current: CurrentProject }) {
  const { organization } = current;
  const above: Holder = { level: "organization", id: organization.id };
  const own: Holder = { level: "project", id: current.id };
  const ofOrganization = useQuery(constraintsQuery(above)).data;
  const ofProject = useQuery(constraintsQuery(own)).data;
  const inherited = ofOrganization?.value ?? null;
  return (
    <div className={styles["page"]}>
      <div className={styles["levels"]}>
        <LevelCard
          holder={above}
          title={`Organization ${organization.name}`}
          name={organization.name}
          note="Of every call of every project."
          above={null}
          refusal={missingRole(current.role, "organization-constraints:write", organization.name)}
        />
        <LevelCard
          holder={own}
          title={`Project ${current.name}`}
          name={current.name}
          note="Of every call of this project, besides what the organization demands."
          above={inherited}
          refusal={missingRole(current.role, "project-constraints:write", organization.name)}
        >
          {inherited && !statesNothing(inherited) && (
            <section className={styles["inherited"]} aria-label="Inherited">
              <h3>From the organization</h3>
              <ConstraintList constraints={inherited} none="" />
            </section>
          )}
        </LevelCard>
      </div>
      <ProofCard
        project={current.id}
        inForce={ofOrganization && ofProject ? `${ofOrganization.etag} ${ofProject.etag}` : null}
      />
    </div>
  );
}

interface LevelCardProps {
  holder: Holder;
  title: string;
  name: string;
  note: string;
  above: Constraints | null;
  /** Why the reader may not change it; null when they may. */
  refusal: string | null;
  children?: ReactNode;
}

function LevelCard({ holder, title, name, note, above, refusal, children }: LevelCardProps) {
  const read = useQuery(constraintsQuery(holder));
  const [editing, setEditing] = useState(false);
  return (
    <Card label={title}>
      <div className={styles["head"]}>
        <div>
          <h2 className={styles["title"]}>{title}</h2>
          <p className={styles["note"]}>{refusal ?? note}</p>
        </div>
        {!refusal && (
          <Button size="small" aria-label={`Edit constraints of ${name}`} onClick={() => setEditing(true)}>
            Edit
          </Button>
        )}
      </div>
      {read.isPending && <SkeletonRows rows={3} label="Loading constraints" />}
      {read.isLoadingError && (
        <ErrorState
          error={read.error}
          title="The constraints could not be loaded."
          onRetry={() => read.refetch()}
        />
      )}
      {read.data && (
        <ConstraintList
          constraints={read.data.value}
          none="Nothing is demanded here: any endpoint may serve, as far as this level goes."
        />
      )}
      {children}
      {editing && (
        <EditConstraintsDialog holder={holder} name={name} above={above} onClose={() => setEditing(false)} />
      )}
    </Card>
  );
}
