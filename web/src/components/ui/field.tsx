// Labelled form controls. A message under the control is tied to it, so that it is read out with it.
import { type ComponentProps, type ReactNode, useId } from "react";
import styles from "./field.module.css";

interface Described {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** Appended to the label, for fields that may stay empty. */
  optional?: boolean;
}

export function TextField({
  label,
  hint,
  error,
  optional = false,
  ...input
}: Described & ComponentProps<"input">) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} optional={optional}>
      <input
        {...input}
        id={id}
        className={`${styles["control"]} ${input.className ?? ""}`}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, hint, error)}
      />
    </Frame>
  );
}

export function SelectField({
  label,
  hint,
  error,
  optional = false,
  ...select
}: Described & ComponentProps<"select">) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} optional={optional}>
      <select
        {...select}
        id={id}
        className={`${styles["control"]} ${styles["select"]}`}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, hint, error)}
      />
    </Frame>
  );
}

export function TextAreaField({
  label,
  hint,
  error,
  optional = false,
  ...textarea
}: Described & ComponentProps<"textarea">) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} optional={optional}>
      <textarea
        {...textarea}
        id={id}
        className={`${styles["control"]} ${styles["lines"]}`}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, hint, error)}
      />
    </Frame>
  );
}

function Frame({
  id,
  label,
  hint,
  error,
  optional,
  children,
}: Described & { id: string; children: ReactNode }) {
  return (
    <div className={styles["field"]}>
      <label htmlFor={id} className={styles["label"]}>
        {label}
        {optional && <span className={styles["optional"]}> optional</span>}
      </label>
      {children}
      {error ? (
        <p id={`${id}-error`} className={styles["error"]}>
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className={styles["hint"]}>
            {hint}
          </p>
        )
      )}
    </div>
  );
}

function describedBy(id: string, hint: ReactNode, error: string | undefined): string | undefined {
  if (error) return `${id}-error`;
  return hint ? `${id}-hint` : undefined;
}
