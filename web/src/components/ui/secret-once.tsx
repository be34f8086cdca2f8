// A secret at the only moment it can be seen.
import { CopyButton } from "./copy-button";
import styles from "./secret-once.module.css";

export function SecretOnce({ secret, label }: { secret: string; label: string }) {
  return (
    <div className={styles["well"]}>
      <output className={styles["secret"]} aria-label={label}>
        {secret}
      </output>
      <CopyButton text={secret} label="Copy" />
    </div>
  );
}
