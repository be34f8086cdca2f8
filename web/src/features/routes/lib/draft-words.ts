// A draft in words.
import type { RouteDraftSummary } from "@/api/types";

/** What a draft began from, and what is published now where that is another version. */
export function basedOn({ base_version, published_version, is_stale }: RouteDraftSummary): string {
  const base = base_version === null ? "a new route" : `version ${base_version}`;
  return is_stale && published_version !== null ? `${base}; version ${published_version} is published` : base;
}

/** A draft as it was read, against what is published by now: the list of drafts may have heard of a newer version. */
export function standingOf<Draft extends RouteDraftSummary>(
  draft: Draft,
  listed: RouteDraftSummary | undefined,
): Draft {
  const known = [draft.published_version, listed?.published_version ?? null].filter(
    (version) => version !== null,
  );
  const published_version = known.length > 0 ? Math.max(...known) : null;
  return {
    ...draft,
    published_version,
    next_version: Math.max(draft.next_version, listed?.next_version ?? 0),
    is_stale: draft.base_version !== published_version,
  };
}
