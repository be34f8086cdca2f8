import { useState } from "react";
import { CodeBlock } from "@/components/ui/code-block";
import { CopyButton } from "@/components/ui/copy-button";
import { Tabs } from "@/components/ui/tabs";
import { callSnippets, SECRET_PLACEHOLDER } from "@/lib/snippets";
import styles from "./snippet-tabs.module.css";

interface SnippetTabsProps {
  inferenceUrl: string;
  /** Null before there is one and after it was hidden: the snippets then show where it goes. */
  secret: string | null;
  /** What is asked for: a model or a route. */
  model: string;
}

export function SnippetTabs({ inferenceUrl, secret, model }: SnippetTabsProps) {
  const [language, setLanguage] = useState("curl");
  const snippets = callSnippets(inferenceUrl, secret ?? SECRET_PLACEHOLDER, model);
  return (
    <Tabs
      label="Language"
      value={language}
      onChange={setLanguage}
      end={<CopyButton text={snippets.find(({ id }) => id === language)?.code ?? ""} label="Copy" />}
      tabs={snippets.map(({ id, label, code, install }) => ({
        id,
        label,
        content: (
          <>
            {install && (
              <p className={styles["install"]}>
                First: <code>{install}</code>
              </p>
            )}
            <CodeBlock code={code} label={`${label} example`} />
          </>
        ),
      }))}
    />
  );
}
