// Fields that most people leave alone, out of the way until they are asked for.
import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import styles from "./disclosure.module.css";

interface DisclosureProps {
  title: string;
  /** Says what the fields inside are set to, while they are out of sight. */
  summary?: ReactNode;
  /** Opens it whatever the reader chose: something inside needs attention. */
  forced?: boolean;
  initiallyOpen?: boolean;
  children: ReactNode;
}

export function Disclosure({
  title,
  summary,
  forced = false,
  initiallyOpen = false,
  children,
}: DisclosureProps) {
  const [chosen, setChosen] = useState(initiallyOpen);
  const open = chosen || forced;
  return (
    <details
      className={styles["disclosure"]}
      open={open}
      onToggle={(event) => setChosen(event.currentTarget.open)}
    >
      <summary className={styles["summary"]}>
        <ChevronRight size={16} aria-hidden />
        <span>{title}</span>
        {!open && summary && <span className={styles["now"]}>{summary}</span>}
      </summary>
      <div className={styles["body"]}>{children}</div>
    </details>
  );
}
