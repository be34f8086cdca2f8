import { useState } from "react";
import styles from "./filters.module.css";

interface TextFilterProps {
  label: string;
  value: string;
  onCommit: (value: string) => void;
}

/** Applies on Enter or when left, so that the list does not jump with each letter. */
export function TextFilter({ label, value, onCommit }: TextFilterProps) {
  const [text, setText] = useState(value);
  const [applied, setApplied] = useState(value);
  if (applied !== value) {
    setApplied(value);
    setText(value);
  }
  const commit = () => text.trim() !== value && onCommit(text.trim());
  return (
    <input
      type="search"
      className={styles["control"]}
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}
