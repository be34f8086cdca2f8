// The editor of a route: its text, what the server finds of it while it is typed, and help beside it.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useMemo, useRef } from "react";
import type { RouteFinding } from "@/api/types";
import { Button } from "@/components/ui/button";
import { useDebounced } from "@/hooks/use-debounced";
import { routeCheckQuery } from "../api/check-route";
import { findingsOf } from "../api/document";
import { CheckResult } from "./check-result";
import type { EditorHandle } from "./code-editor";
import styles from "./document-form.module.css";
import { LazyCodeEditor } from "./lazy-code-editor";

const QUIET_MS = 400;
const NONE: readonly RouteFinding[] = [];

interface DocumentFormProps {
  project: string;
  text: string;
  onText: (text: string) => void;
  /** Why the last attempt to save failed. */
  error: unknown;
  /** What stands between the editor and the button, such as a conflict. */
  notice?: ReactNode;
  help: ReactNode;
  save: { label: string; pending: string | false; onSave: () => void };
  cancel?: ReactNode;
}

export function DocumentForm(props: DocumentFormProps) {
  const { project, text, onText, error, notice, help, save, cancel } = props;
  const editor = useRef<EditorHandle>(null);
  const settled = useDebounced(text, QUIET_MS);
  const check = useQuery(routeCheckQuery(project, settled));
  const isCurrent = settled === text && check.isSuccess && !check.isPlaceholderData;
  const refused = useMemo(() => findingsOf(error), [error]);
  // What saving refused is said until the text changes and is checked anew.
  const findings = refused.length > 0 ? refused : (check.data?.findings ?? NONE);

  useEffect(() => {
    const line = refused[0]?.line;
    if (line) editor.current?.goTo(line);
  }, [refused]);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!save.pending) save.onSave();
  }

  return (
    <form className={styles["form"]} onSubmit={submit} aria-label="Route document">
      <div className={styles["work"]}>
        <div className={styles["editor"]}>
          <LazyCodeEditor
            label="Route document, YAML or JSON"
            value={text}
            onChange={onText}
            findings={findings}
            handle={editor}
          />
        </div>
        <CheckResult
          findings={findings}
          check={check}
          isCurrent={isCurrent}
          wasRefused={refused.length > 0}
          onGoTo={(line) => editor.current?.goTo(line)}
        />
        {notice}
        <div className={styles["actions"]}>
          <Button type="submit" variant="primary" pending={save.pending}>
            {save.label}
          </Button>
          {cancel}
          <p className={styles["keys"]}>Tab leaves the editor.</p>
        </div>
      </div>
      <aside className={styles["help"]} aria-label="Help with the document">
        {help}
      </aside>
    </form>
  );
}
