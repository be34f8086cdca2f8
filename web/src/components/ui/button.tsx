import type { ComponentProps } from "react";
import styles from "./button.module.css";

export interface ButtonProps extends ComponentProps<"button"> {
  variant?: "primary" | "secondary" | "quiet" | "danger";
  size?: "regular" | "small";
  /** Shown instead of the label while something is under way; the button then ignores clicks. */
  pending?: string | false;
}

/** Shares its look with links through `buttonClass`. */
export function Button({ variant = "secondary", size = "regular", pending = false, ...props }: ButtonProps) {
  const { children, className, onClick, type = "button", ...rest } = props;
  return (
    <button
      {...rest}
      type={type}
      className={`${buttonClass(variant, size)} ${className ?? ""}`}
      aria-disabled={pending ? true : undefined}
      onClick={pending ? (event) => event.preventDefault() : onClick}
    >
      {pending || children}
    </button>
  );
}

export function buttonClass(
  variant: NonNullable<ButtonProps["variant"]>,
  size: NonNullable<ButtonProps["size"]> = "regular",
): string {
  return `${styles["button"]} ${styles[variant]} ${styles[size]}`;
}
