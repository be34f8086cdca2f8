// A route that is being written.
import { useState } from "react";
import type { Route } from "@/api/types";
import { useLeaveGuard } from "@/hooks/use-leave-guard";
import { useCreateRoute } from "../api/save-route";
import { EXAMPLES } from "../lib/examples";
import { DocumentForm } from "./document-form";
import { DocumentHelp } from "./document-help";
import { SaveProblem } from "./save-problem";

interface NewRouteProps {
  project: string;
  /** Id of the example to start with. */
  example: string | undefined;
  onCreated: (route: Route) => void;
}

export function NewRoute({ project, example, onCreated }: NewRouteProps) {
  const [initial] = useState(() => (EXAMPLES.find(({ id }) => id === example) ?? EXAMPLES[0]).text);
  const [text, setText] = useState(initial);
  const create = useCreateRoute(project);
  const leave = useLeaveGuard(text !== initial);

  return (
    <DocumentForm
      project={project}
      text={text}
      onText={(next) => {
        setText(next);
        if (create.isError) create.reset();
      }}
      error={create.error}
      notice={<SaveProblem error={create.error} />}
      help={<DocumentHelp onExample={({ text: next }) => setText(next)} />}
      save={{
        label: "Publish version 1",
        pending: create.isPending && "Publishing…",
        onSave: () =>
          create.mutate(text, {
            onSuccess: (route) => {
              leave.allow();
              onCreated(route);
            },
          }),
      }}
    />
  );
}
