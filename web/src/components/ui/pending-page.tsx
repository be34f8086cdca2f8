// The page of one thing while it is not there: it is being loaded, or could not be.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Card } from "./card";
import { ErrorState } from "./error-state";
import { PageHeader } from "./page-header";
import { SkeletonRows } from "./skeleton";

interface PendingPageProps {
  title: string;
  /** What it is called in a sentence. */
  noun: string;
  rows: number;
  read: Pick<UseQueryResult, "isError" | "error" | "refetch">;
  /** What is said instead of an error that is none: why there is no such thing. */
  absence?: ReactNode;
}

export function PendingPage({ title, noun, rows, read, absence }: PendingPageProps) {
  return (
    <>
      <PageHeader title={title} />
      <Card flush>
        {absence ||
          (read.isError ? (
            <ErrorState
              error={read.error}
              title={`The ${noun} could not be loaded.`}
              onRetry={() => read.refetch()}
            />
          ) : (
            <SkeletonRows rows={rows} label={`Loading the ${noun}`} />
          ))}
      </Card>
    </>
  );
}
