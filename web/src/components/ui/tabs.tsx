import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import styles from "./tabs.module.css";

interface TabsProps {
  label: string;
  tabs: readonly { id: string; label: string; content: ReactNode }[];
  value: string;
  onChange: (id: string) => void;
  /** An action on what is shown, at the end of the row of tabs. */
  end?: ReactNode;
}

export function Tabs({ label, tabs, value, onChange, end }: TabsProps) {
  return (
    <Radix.Root value={value} onValueChange={onChange}>
      <div className={styles["bar"]}>
        <Radix.List className={styles["list"]} aria-label={label}>
          {tabs.map((tab) => (
            <Radix.Trigger key={tab.id} value={tab.id} className={styles["tab"]}>
              {tab.label}
            </Radix.Trigger>
          ))}
        </Radix.List>
        {end}
      </div>
      {tabs.map((tab) => (
        <Radix.Content key={tab.id} value={tab.id} className={styles["panel"]} tabIndex={-1}>
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
