// A modal dialog: focus stays inside, Escape and the scrim close it, the title names it.
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "./button";
import styles from "./dialog.module.css";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  /** A dialog that shows something only once must be closed by its own button. */
  closable?: boolean;
}

export function Dialog({ open, onOpenChange, title, description, children, closable = true }: DialogProps) {
  const keepOpen = closable ? undefined : (event: Event) => event.preventDefault();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={styles["overlay"]} />
        <Radix.Content
          className={styles["content"]}
          {...(description ? {} : { "aria-describedby": undefined })}
          {...(keepOpen ? { onEscapeKeyDown: keepOpen, onInteractOutside: keepOpen } : {})}
        >
          <Radix.Title className={styles["title"]}>{title}</Radix.Title>
          {description && (
            <Radix.Description asChild className={styles["description"]}>
              <div>{description}</div>
            </Radix.Description>
          )}
          {children}
          {/* Last in order, so that the first field of the dialog has the focus and not the way out. */}
          {closable && (
            <Radix.Close asChild>
              <Button variant="quiet" size="small" className={styles["close"] ?? ""} aria-label="Close">
                <X size={16} aria-hidden />
              </Button>
            </Radix.Close>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles["actions"]}>{children}</div>;
}
