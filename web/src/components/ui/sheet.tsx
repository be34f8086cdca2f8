// A panel from the side, for details of a row or for navigation on small screens.
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "./button";
import styles from "./sheet.module.css";

interface SheetProps {
  open: boolean;
  onClose: () => void;
  title: string;
  side: "left" | "right";
  /** Controls beside the title, such as previous and next. */
  tools?: ReactNode;
  children: ReactNode;
}

export function Sheet({ open, onClose, title, side, tools, children }: SheetProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles["overlay"]} />
        <Radix.Content className={`${styles["content"]} ${styles[side]}`} aria-describedby={undefined}>
          <header className={styles["header"]}>
            <Radix.Title className={styles["title"]}>{title}</Radix.Title>
            <div className={styles["tools"]}>
              {tools}
              <Radix.Close asChild>
                <Button variant="quiet" size="small" className={styles["icon"] ?? ""} aria-label="Close">
                  <X size={16} aria-hidden />
                </Button>
              </Radix.Close>
            </div>
          </header>
          <div className={styles["body"]}>{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
