import { Building2, FolderClosed, KeyRound } from "lucide-react";
import type { ScopeGroup } from "@/lib/scope-tree";
import styles from "./scope-heading.module.css";

const KINDS = {
  organization: { icon: Building2, word: "organization" },
  project: { icon: FolderClosed, word: "project" },
  key: { icon: KeyRound, word: "key" },
} as const;

/** Heads a group of the tree of budgets or limits. */
export function ScopeHeading({ kind, name }: Pick<ScopeGroup<unknown>, "kind" | "name">) {
  const { icon: Icon, word } = KINDS[kind];
  return (
    <span className={styles["heading"]}>
      <Icon size={14} aria-hidden />
      <span className={styles["name"]}>{name}</span> <span className={styles["kind"]}>{word}</span>
    </span>
  );
}
