import type { RouteFinding } from "@/api/types";
import { Notice } from "@/components/ui/notice";
import styles from "./findings-notice.module.css";

/** Errors of a document that is not beside them, by their place in it. */
export function FindingsNotice({ title, findings }: { title: string; findings: readonly RouteFinding[] }) {
  return (
    <Notice tone="bad">
      <p>{title}</p>
      <ul className={styles["findings"]}>
        {findings
          .filter(({ severity }) => severity === "error")
          .map(({ pointer, code, detail }) => (
            <li key={`${pointer} ${code}`}>
              {pointer && <code>{pointer}</code>} {detail}
            </li>
          ))}
      </ul>
    </Notice>
  );
}
