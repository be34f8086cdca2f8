// From nothing to a served request on one screen: a key, a call to paste, and the request as it arrives.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { versionQuery } from "@/api/get-version";
import type { RequestRecord } from "@/api/types";
import { SnippetTabs } from "@/components/snippets/snippet-tabs";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonBlock } from "@/components/ui/skeleton";
import { FIRST_MODEL } from "@/lib/snippets";
import { FirstKey, type ShownKey } from "./first-key";
import { FirstRequest } from "./first-request";
import styles from "./quickstart.module.css";

interface QuickstartProps {
  project: string;
  /** Why this person cannot make a key; null when they can. */
  refusal: string | null;
  /** Links for after the first request. */
  nextSteps: (request: RequestRecord) => ReactNode;
}

export function Quickstart({ project, refusal, nextSteps }: QuickstartProps) {
  const version = useQuery(versionQuery);
  const [key, setKey] = useState<ShownKey | null>(null);

  return (
    <div className={styles["columns"]}>
      <ol className={styles["steps"]}>
        <Step number={1} title="Create a key">
          <FirstKey
            project={project}
            refusal={refusal}
            created={key}
            onCreated={({ id, hint, secret }) => setKey({ id, hint, secret })}
            onSaved={() => setKey((shown) => shown && { ...shown, secret: null })}
          />
        </Step>
        <Step number={2} title="Make a call">
          {version.isPending && <SkeletonBlock height={240} label="Loading the endpoint" />}
          {version.isError && (
            <ErrorState
              error={version.error}
              title="The endpoint could not be loaded."
              onRetry={() => version.refetch()}
            />
          )}
          {version.isSuccess && (
            <SnippetTabs
              inferenceUrl={version.data.inference_url}
              secret={key?.secret ?? null}
              model={FIRST_MODEL}
            />
          )}
        </Step>
      </ol>
      <FirstRequest
        // A new key starts a new wait.
        key={key?.id ?? "any"}
        project={project}
        apiKey={key?.id ?? null}
        nextSteps={nextSteps}
      />
    </div>
  );
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li className={styles["step"]}>
      <h2 className={styles["title"]}>
        <span className={styles["number"]} aria-hidden>
          {number}
        </span>
        {title}
      </h2>
      {children}
    </li>
  );
}
