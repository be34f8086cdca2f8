// A choice of a few, each explained by a sentence. Real radio buttons underneath.
import { useId } from "react";
import styles from "./choice-field.module.css";

interface ChoiceFieldProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string; hint: string }[];
  error?: string | undefined;
  onChange: (value: T) => void;
}

export function ChoiceField<T extends string>({
  label,
  value,
  options,
  error,
  onChange,
}: ChoiceFieldProps<T>) {
  const id = useId();
  return (
    <fieldset className={styles["group"]} aria-describedby={error ? `${id}-error` : undefined}>
      <legend className={styles["label"]}>{label}</legend>
      <div className={styles["options"]}>
        {options.map((option) => (
          <label key={option.value} className={styles["option"]}>
            <input
              type="radio"
              name={id}
              checked={option.value === value}
              aria-labelledby={`${id}-${option.value}-name`}
              aria-describedby={`${id}-${option.value}`}
              onChange={() => onChange(option.value)}
            />
            <span id={`${id}-${option.value}-name`} className={styles["name"]}>
              {option.label}
            </span>
            <span id={`${id}-${option.value}`} className={styles["hint"]}>
              {option.hint}
            </span>
          </label>
        ))}
      </div>
      {error && (
        <p id={`${id}-error`} className={styles["error"]}>
          {error}
        </p>
      )}
    </fieldset>
  );
}
