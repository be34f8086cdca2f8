// Names of the people of an organization, for lists that say who did something.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readAll } from "@/api/read-all";

function membersQuery(organization: string) {
  return queryOptions({
    queryKey: ["members", organization],
    queryFn: ({ signal }) =>
      readAll((query) =>
        unwrap(
          api.GET("/api/v1/organizations/{org}/members", {
            params: { path: { org: organization }, query },
            signal,
          }),
        ),
      ),
    staleTime: 60_000,
  });
}

/** Names a user by id. Somebody who has left is shown by id; null is a management key. */
export function useMemberNames(organization: string): (user: string | null) => string {
  const { data } = useQuery(membersQuery(organization));
  return (user) => {
    if (user === null) return "a management key";
    return data?.find((member) => member.user.id === user)?.user.name ?? user;
  };
}
