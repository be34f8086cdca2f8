// Help beside the editor: documents to start from, and what a document may say.
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Disclosure } from "@/components/ui/disclosure";
import { SelectField } from "@/components/ui/field";
import { EXAMPLES, type Example } from "../lib/examples";
import { type Entry, FACTS, FIELDS, STRATEGIES } from "../lib/reference";
import styles from "./document-help.module.css";

interface DocumentHelpProps {
  /** Puts an example in place of the text. */
  onExample: (example: Example) => void;
}

export function DocumentHelp({ onExample }: DocumentHelpProps) {
  const [chosen, setChosen] = useState<Example>(EXAMPLES[0]);
  return (
    <>
      <div className={styles["examples"]}>
        <SelectField
          label="Example"
          value={chosen.id}
          hint={chosen.use}
          onChange={(event) => setChosen(EXAMPLES.find(({ id }) => id === event.target.value) ?? EXAMPLES[0])}
        >
          {EXAMPLES.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
        <Button size="small" onClick={() => onExample(chosen)}>
          Put it in the editor
        </Button>
      </div>
      <Disclosure title="Fields" initiallyOpen>
        <Entries entries={FIELDS} />
      </Disclosure>
      <Disclosure title="Strategies">
        <Entries entries={STRATEGIES} />
      </Disclosure>
      <Disclosure title="Facts for conditions">
        <Entries entries={FACTS} />
        <p className={styles["note"]}>
          A comparison with what is absent is neither true nor false, and a condition holds only when it is
          true.
        </p>
      </Disclosure>
    </>
  );
}

function Entries({ entries }: { entries: readonly Entry[] }) {
  return (
    <dl className={styles["entries"]}>
      {entries.map(({ name, text }) => (
        <div key={name}>
          <dt>
            <code>{name}</code>
          </dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
