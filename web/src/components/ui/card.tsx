import type { ReactNode } from "react";
import styles from "./card.module.css";

interface CardProps {
  children: ReactNode;
  /** Tables bring their own padding. */
  flush?: boolean;
  label?: string;
}

export function Card({ children, flush = false, label }: CardProps) {
  return (
    <section className={`${styles["card"]} ${flush ? "" : styles["padded"]}`} aria-label={label}>
      {children}
    </section>
  );
}
