// A failed load or action: what happened, its code, the request id to quote, and a way to try again.
import { RotateCw } from "lucide-react";
import { asProblem } from "@/api/problem";
import { Button } from "./button";
import { CopyButton } from "./copy-button";
import styles from "./error-state.module.css";

interface ErrorStateProps {
  error: unknown;
  /** What could not be done, such as "Keys could not be loaded." */
  title: string;
  onRetry?: () => void;
}

export function ErrorState({ error, title, onRetry }: ErrorStateProps) {
  const problem = asProblem(error);
  return (
    <div className={styles["error"]} role="alert">
      <p className={styles["title"]}>{title}</p>
      <p>{problem.message}</p>
      <p className={styles["facts"]}>
        <code>{problem.code}</code>
        {problem.requestId && (
          <>
            <span aria-hidden>·</span>
            <code>{problem.requestId}</code>
            <CopyButton text={problem.requestId} label="Copy request id" compact />
          </>
        )}
      </p>
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          <RotateCw size={14} aria-hidden /> Retry
        </Button>
      )}
    </div>
  );
}
