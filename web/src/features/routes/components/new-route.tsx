// A route that is being written.
import { useState } from "react";
import type { Route } from "@/api/types";
import { Button } from "@/components/ui/button";
import { useLeaveGuard } from "@/hooks/use-leave-guard";
import { useBeginDraft } from "../api/save-draft";
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
  onDrafted: (route: string) => void;
}

export function NewRoute({ project, example, onCreated, onDrafted }: NewRouteProps) {
  const [initial] = useState(() => (EXAMPLES.find(({ id }) => id === example) ?? EXAMPLES[0]).text);
  const [text, setText] = useState(initial);
  const create = useCreateRoute(project);
  const draft = useBeginDraft(project);
  const leave = useLeaveGuard(text !== initial);

  function begin() {
    create.reset();
    draft.mutate(text, {
      onSuccess: ({ value }) => {
        leave.allow();
        onDrafted(value.route);
      },
    });
  }

  return (
    <DocumentForm
      project={project}
      text={text}
      onText={(next) => {
        setText(next);
        if (create.isError) create.reset();
        if (draft.isError) draft.reset();
      }}
      error={create.error ?? draft.error}
      notice={
        <>
          <SaveProblem error={create.error} />
          <SaveProblem error={draft.error} nothing="No draft was made" />
        </>
      }
      help={<DocumentHelp onExample={({ text: next }) => setText(next)} />}
      save={{
        label: "Publish version 1",
        pending: create.isPending && "Publishing…",
        onSave: () => {
          draft.reset();
          create.mutate(text, {
            onSuccess: (route) => {
              leave.allow();
              onCreated(route);
            },
          });
        },
      }}
      cancel={
        <Button onClick={begin} pending={draft.isPending && "Saving…"}>
          Save as draft
        </Button>
      }
    />
  );
}
