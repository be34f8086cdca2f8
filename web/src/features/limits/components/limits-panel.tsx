// The tree of rate limits with every state it can be in, and the dialogs that act on one limit.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Limit } from "@/api/types";
import { ProjectFilter } from "@/components/filters/project-filter";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { SkeletonRows } from "@/components/ui/skeleton";
import { useToast } from "@/components/ui/toaster";
import type { CurrentProject } from "@/hooks/use-project";
import { useScopeNames } from "@/hooks/use-scope-names";
import { limitsQuery } from "../api/list-limits";
import { useUpdateLimit } from "../api/update-limit";
import type { LimitsSearch } from "../lib/limits-search";
import { metricLabel } from "../lib/metrics";
import { CreateLimitDialog } from "./create-limit-dialog";
import { DeleteLimitDialog } from "./delete-limit-dialog";
import { EditLimitDialog } from "./edit-limit-dialog";
import { LimitsTable } from "./limits-table";

interface LimitsPanelProps {
  current: CurrentProject;
  mayWrite: boolean;
  creating: boolean;
  onCreatingChange: (creating: boolean) => void;
  search: LimitsSearch;
  onSearch: (search: LimitsSearch) => void;
}

export function LimitsPanel(props: LimitsPanelProps) {
  const { current, mayWrite, creating, onCreatingChange, search, onSearch } = props;
  const organization = current.organization.id;
  const limits = useQuery(limitsQuery(organization));
  const update = useUpdateLimit(organization);
  const toast = useToast();
  const [editing, setEditing] = useState<Limit | null>(null);
  const [deleting, setDeleting] = useState<Limit | null>(null);
  const all = limits.data ?? [];
  const shown =
    search.show === "all" ? all : all.filter(({ scope }) => !scope.project || scope.project === current.id);
  const names = useScopeNames(
    current.organization,
    current.projects,
    shown.map(({ scope }) => scope),
  );
  const actions = {
    onEdit: setEditing,
    onDelete: setDeleting,
    onSetEnabled: (limit: Limit, enabled: boolean) =>
      update.mutate(
        { limit: limit.id, change: { status: enabled ? "active" : "disabled" } },
        {
          onSuccess: () =>
            toast(
              `The limit on ${metricLabel(limit.metric).toLowerCase()} is ${enabled ? "enabled" : "disabled"}.`,
            ),
        },
      ),
  };

  return (
    <>
      {update.error && <Notice tone="bad">{asProblem(update.error).message}</Notice>}
      <ProjectFilter noun="limits" show={search.show} onChange={onSearch} />
      <Card flush>
        {limits.isPending && <SkeletonRows rows={4} label="Loading limits" />}
        {limits.isLoadingError && (
          <ErrorState
            error={limits.error}
            title="Limits could not be loaded."
            onRetry={() => limits.refetch()}
          />
        )}
        {limits.data && shown.length === 0 && (
          <EmptyState
            title={all.length > 0 ? "No limit covers this project" : "No limits yet"}
            action={
              mayWrite && (
                <Button variant="primary" onClick={() => onCreatingChange(true)}>
                  Create limit
                </Button>
              )
            }
          >
            A limit keeps one key, end user or model from taking everything:{" "}
            <code>600 requests a minute</code>.
          </EmptyState>
        )}
        {shown.length > 0 && <LimitsTable limits={shown} names={names} actions={mayWrite ? actions : null} />}
      </Card>
      {creating && <CreateLimitDialog current={current} onClose={() => onCreatingChange(false)} />}
      {editing && (
        <EditLimitDialog
          organization={organization}
          editing={editing}
          names={names}
          onClose={() => setEditing(null)}
        />
      )}
      {deleting && (
        <DeleteLimitDialog
          organization={organization}
          deleting={deleting}
          names={names}
          onClose={() => setDeleting(null)}
        />
      )}
    </>
  );
}
