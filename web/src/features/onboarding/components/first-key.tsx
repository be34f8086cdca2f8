import type { KeyWithSecret } from "@/api/types";
import { Button } from "@/components/ui/button";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { SecretOnce } from "@/components/ui/secret-once";
import { useCreateFirstKey } from "../api/create-first-key";
import styles from "./first-key.module.css";

/** A key made here; its secret is forgotten once it was saved. */
export interface ShownKey {
  id: string;
  hint: string;
  secret: string | null;
}

interface FirstKeyProps {
  project: string;
  refusal: string | null;
  created: ShownKey | null;
  onCreated: (key: KeyWithSecret) => void;
  onSaved: () => void;
}

export function FirstKey({ project, refusal, created, onCreated, onSaved }: FirstKeyProps) {
  const create = useCreateFirstKey(project);
  const make = () =>
    create.mutate(undefined, {
      onSuccess: (key) => {
        onCreated(key);
        // The page holds the secret now; nothing else needs to.
        create.reset();
      },
    });

  if (refusal) return <Notice tone="info">{refusal}</Notice>;
  if (!created) {
    return (
      <div className={styles["stack"]}>
        <p className={styles["text"]}>It is made for trying out and stops by itself after 7 days.</p>
        {create.error && <ErrorState error={create.error} title="The key could not be created." />}
        <Button variant="primary" onClick={make} pending={create.isPending && "Creating…"}>
          Create key
        </Button>
      </div>
    );
  }
  if (created.secret === null) {
    return (
      <div className={styles["saved"]}>
        <code>{created.hint}</code>
        <span className={styles["text"]}>The secret is hidden now.</span>
        <Button size="small" onClick={make} pending={create.isPending && "Creating…"}>
          Create another
        </Button>
      </div>
    );
  }
  return (
    <div className={styles["stack"]}>
      <SecretOnce secret={created.secret} label="Key secret" />
      <div className={styles["saved"]}>
        <span className={styles["text"]}>Shown only now. It is already in the call below.</span>
        <Button size="small" onClick={onSaved}>
          I saved it
        </Button>
      </div>
    </div>
  );
}
