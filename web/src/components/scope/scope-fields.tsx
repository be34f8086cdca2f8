// Picks which calls a budget or a rate limit counts: the place in the tree first, narrower parts behind a disclosure.
import { useQuery } from "@tanstack/react-query";
import { Disclosure } from "@/components/ui/disclosure";
import { SelectField, TextField } from "@/components/ui/field";
import type { CurrentProject } from "@/hooks/use-project";
import { projectPartsQuery } from "@/hooks/use-scope-names";
import { partWords } from "@/lib/scope";
import { type ScopeDraft, scopeBody, withProject } from "@/lib/scope-draft";
import { PartitionField } from "./partition-field";
import styles from "./scope-fields.module.css";

const NARROW_PLACES = ["end_user", "session", "tag", "route", "model", "provider"].map(
  (part) => `/scope/${part}`,
);
/** JSON pointers of what these fields show. */
export const SCOPE_PLACES: readonly string[] = ["/scope/project", "/scope/key", ...NARROW_PLACES];

/** The narrower parts that budgets and limits do not share. */
export type ScopePart = "session" | "tag" | "route" | "provider";

interface ScopeFieldsProps {
  current: CurrentProject;
  draft: ScopeDraft;
  onChange: (draft: ScopeDraft) => void;
  parts: readonly ScopePart[];
  providers?: readonly { id: string; name: string }[];
  /** Messages by JSON pointer. */
  errors: Readonly<Record<string, string>>;
}

export function ScopeFields({ current, draft, onChange, parts, providers = [], errors }: ScopeFieldsProps) {
  const inside = useQuery({ ...projectPartsQuery(draft.project), enabled: draft.project !== "" });
  const routes = inside.data?.routes ?? [];
  const names = { routes: new Map(routes.map(({ id, name }) => [id, name])) };
  const words = partWords(scopeBody(draft), names);
  const needsAttention = NARROW_PLACES.some((place) => errors[place]);
  const has = (part: ScopePart) => parts.includes(part);
  return (
    <>
      <div className={styles["pair"]}>
        <SelectField
          label="Over"
          value={draft.project}
          error={errors["/scope/project"]}
          onChange={(event) => onChange(withProject(draft, event.target.value))}
        >
          <option value="">All of {current.organization.name}</option>
          {current.projects.map(({ id, name }) => (
            <option key={id} value={id}>
              Project {name}
            </option>
          ))}
        </SelectField>
        <SelectField
          label="Key"
          value={draft.key}
          disabled={draft.project === ""}
          error={errors["/scope/key"]}
          hint={inside.isError ? "The project's keys could not be loaded." : undefined}
          onChange={(event) => onChange({ ...draft, key: event.target.value })}
        >
          <option value="">Any key</option>
          {inside.data?.keys.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
      </div>
      <Disclosure
        title="Only some of these calls"
        summary={words.length > 0 ? words.join(" · ") : "all of them count"}
        forced={needsAttention}
      >
        <PartitionField
          label="End user"
          noun="end user"
          example="user-4711"
          hint="As callers name it in the header X-Sluicegate-User."
          draft={draft.endUser}
          error={errors["/scope/end_user"]}
          onChange={(endUser) => onChange({ ...draft, endUser })}
        />
        {has("session") && (
          <PartitionField
            label="Session"
            noun="session"
            example="run-17"
            hint="As callers name it in the header X-Sluicegate-Session."
            draft={draft.session}
            error={errors["/scope/session"]}
            onChange={(session) => onChange({ ...draft, session })}
          />
        )}
        {has("tag") && (
          <TextField
            label="Tag"
            optional
            placeholder="batch"
            value={draft.tag}
            error={errors["/scope/tag"]}
            hint="Calls that carry it in the header X-Sluicegate-Tags."
            onChange={(event) => onChange({ ...draft, tag: event.target.value })}
          />
        )}
        {has("route") && routes.length > 0 && (
          <SelectField
            label="Route"
            value={draft.route}
            error={errors["/scope/route"]}
            onChange={(event) => onChange({ ...draft, route: event.target.value })}
          >
            <option value="">Any, or none</option>
            {routes.map(({ id, name }) => (
              <option key={id} value={id}>
                route/{name}
              </option>
            ))}
          </SelectField>
        )}
        <TextField
          label="Model"
          optional
          placeholder="openai/*"
          value={draft.model}
          error={errors["/scope/model"]}
          hint="A model that serves calls, or the beginning of its name followed by *."
          onChange={(event) => onChange({ ...draft, model: event.target.value })}
        />
        {has("provider") && (
          <SelectField
            label="Provider"
            value={draft.provider}
            error={errors["/scope/provider"]}
            onChange={(event) => onChange({ ...draft, provider: event.target.value })}
          >
            <option value="">Any</option>
            {providers.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
        )}
      </Disclosure>
    </>
  );
}
