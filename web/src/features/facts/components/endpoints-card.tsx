// Models and the ways to reach them, each with what is known of it and where that is from.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { providersQuery } from "@/api/list-providers";
import type { Model, ModelEndpoint } from "@/api/types";
import { FilterBar } from "@/components/filters/filter-bar";
import { SelectFilter } from "@/components/filters/select-filter";
import { TextFilter } from "@/components/filters/text-filter";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Disclosure } from "@/components/ui/disclosure";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Pager } from "@/components/ui/pager";
import { SkeletonRows } from "@/components/ui/skeleton";
import { plural } from "@/lib/format";
import { modelsQuery } from "../api/list-models";
import { FACT_NAMES, factRows } from "../lib/fact-words";
import type { FactsSearch } from "../lib/facts-search";
import styles from "./endpoints-card.module.css";
import { FactTable } from "./fact-table";

interface EndpointsCardProps {
  organization: string;
  search: FactsSearch;
  onSearch: (search: FactsSearch) => void;
}

export function EndpointsCard({ organization, search, onSearch }: EndpointsCardProps) {
  const { q = "", provider = "" } = search;
  const models = useInfiniteQuery(modelsQuery(organization, { q, provider }));
  const providers = useQuery(providersQuery);
  const rows = models.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <section className={styles["section"]} aria-label="Endpoints">
      <h2 className={styles["title"]}>Endpoints</h2>
      <FilterBar label="Choose which endpoints to show">
        <TextFilter
          label="Model contains"
          value={q}
          onCommit={(next) => onSearch(withPart(search, "q", next))}
        />
        <SelectFilter
          label="Provider"
          value={provider}
          options={[
            { value: "", label: "Any provider" },
            ...(providers.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onChange={(next) => onSearch(withPart(search, "provider", next))}
        />
      </FilterBar>
      <Card flush>
        {models.isPending && <SkeletonRows rows={6} label="Loading endpoints" />}
        {models.isLoadingError && (
          <ErrorState
            error={models.error}
            title="The endpoints could not be loaded."
            onRetry={() => models.refetch()}
          />
        )}
        {models.data && rows.length === 0 && (
          <EmptyState
            title="No endpoints match"
            action={<Button onClick={() => onSearch({})}>Clear filters</Button>}
          >
            The catalog has no such model.
          </EmptyState>
        )}
        {rows.length > 0 && (
          <>
            <ul className={styles["models"]}>
              {rows.map((model) => (
                <li key={model.id}>
                  <ModelFacts model={model} provider={provider} />
                </li>
              ))}
            </ul>
            <Pager
              shown={plural(rows.length, "model")}
              hasMore={models.hasNextPage}
              loading={models.isFetchingNextPage}
              onMore={() => models.fetchNextPage()}
            />
          </>
        )}
      </Card>
    </section>
  );
}

function withPart(search: FactsSearch, part: keyof FactsSearch, value: string): FactsSearch {
  const { [part]: _, ...rest } = search;
  return value === "" ? rest : { ...rest, [part]: value };
}

/** With a provider chosen, only its ways to the model. */
function ModelFacts({ model, provider }: { model: Model; provider: string }) {
  const shown = model.endpoints.filter((endpoint) => provider === "" || endpoint.provider === provider);
  return (
    <div className={styles["model"]}>
      <h3 className={styles["name"]}>{model.id}</h3>
      {shown.map((endpoint) => (
        <EndpointFacts
          key={`${endpoint.provider} ${endpoint.region} ${endpoint.upstream_model}`}
          endpoint={endpoint}
        />
      ))}
    </div>
  );
}

function EndpointFacts({ endpoint }: { endpoint: ModelEndpoint }) {
  const { provider, region, facts } = endpoint;
  const rows = factRows(facts);
  const known = rows.filter((row) => row.known !== null).length;
  return (
    <Disclosure
      title={region === null ? provider : `${provider}, ${region}`}
      summary={`${known} of ${FACT_NAMES.length} known`}
    >
      <FactTable rows={rows} label={`Facts of ${endpoint.upstream_model} at ${provider}`} />
    </Disclosure>
  );
}
