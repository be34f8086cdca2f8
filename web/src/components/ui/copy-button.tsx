import { Check, Copy } from "lucide-react";
import { useCopy } from "@/hooks/use-copy";
import { Button } from "./button";
import styles from "./copy-button.module.css";

interface CopyButtonProps {
  text: string;
  /** Says what is copied; the visible text unless compact. */
  label: string;
  compact?: boolean;
  variant?: "primary" | "secondary" | "quiet";
}

export function CopyButton({ text, label, compact = false, variant = "secondary" }: CopyButtonProps) {
  const { copied, copy } = useCopy(text);
  const Icon = copied ? Check : Copy;
  if (compact) {
    return (
      <Button
        variant="quiet"
        size="small"
        className={styles["compact"] ?? ""}
        onClick={copy}
        aria-label={label}
      >
        <Icon size={14} aria-hidden />
        <span className="visually-hidden" aria-live="polite">
          {copied ? "Copied" : ""}
        </span>
      </Button>
    );
  }
  return (
    <Button variant={variant} size="small" onClick={copy}>
      <Icon size={14} aria-hidden />
      <span aria-live="polite">{copied ? "Copied" : label}</span>
    </Button>
  );
}
