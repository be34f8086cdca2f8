import { queryOptions, useMutation } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { Statement } from "@/api/types";

/** What happened to the credit in a month such as `2026-11` (UTC). */
export function statementQuery(organization: string, period: string) {
  return queryOptions({
    queryKey: ["statement", organization, period],
    queryFn: async ({ signal }) => {
      const statement = await unwrap(
        api.GET("/api/v1/organizations/{org}/statements", {
          params: { path: { org: organization }, query: { period } },
          signal,
        }),
      );
      // Text is what the other format would have been.
      return statement as Statement;
    },
  });
}

/** Gives the reader a month's statement as a file. */
export function useDownloadStatement(organization: string) {
  return useMutation({
    mutationFn: async (period: string) => {
      const text = await unwrap(
        api.GET("/api/v1/organizations/{org}/statements", {
          params: { path: { org: organization }, query: { period, format: "csv" } },
          parseAs: "text",
        }),
      );
      save(`sluicegate-${period}.csv`, text);
    },
  });
}

function save(name: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
