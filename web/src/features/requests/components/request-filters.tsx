import { useQuery } from "@tanstack/react-query";
import { FilterBar } from "@/components/filters/filter-bar";
import { RangePicker } from "@/components/filters/range-picker";
import { SelectFilter } from "@/components/filters/select-filter";
import { TextFilter } from "@/components/filters/text-filter";
import { Button } from "@/components/ui/button";
import { Segmented } from "@/components/ui/segmented";
import { useNow } from "@/hooks/use-now";
import { type RangeSearch, resolveRange } from "@/lib/time-range";
import { keyNamesQuery } from "../api/list-key-names";
import { DEFAULT_RANGE } from "../api/search-requests";
import { isFiltered, type RequestsSearch } from "../lib/filters";

interface RequestFiltersProps {
  project: string;
  search: RequestsSearch;
  onChange: (search: RequestsSearch) => void;
}

const STATUSES = [
  { value: "all", label: "All" },
  { value: "ok", label: "OK" },
  { value: "error", label: "Errors" },
] as const;

export function RequestFilters({ project, search, onChange }: RequestFiltersProps) {
  const keys = useQuery(keyNamesQuery(project));
  const now = useNow(60_000);
  const { range, from, to, ...filters } = search;
  const interval = resolveRange(search, DEFAULT_RANGE, now);
  const keyOptions = (keys.data ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const unknownKey = search.key && !keyOptions.some(({ value }) => value === search.key);

  function change<Name extends "status" | "model" | "key">(name: Name, value: RequestsSearch[Name] | "") {
    const { [name]: _old, request: _open, ...rest } = search;
    onChange(value ? { ...rest, [name]: value } : rest);
  }

  return (
    <FilterBar
      label="Filter requests"
      end={
        isFiltered(search) && (
          <Button variant="quiet" size="small" onClick={() => onChange(rangeOf({ range, from, to }))}>
            Clear filters
          </Button>
        )
      }
    >
      <Segmented
        label="Status"
        value={search.status ?? "all"}
        options={STATUSES}
        onChange={(status) => change("status", status === "all" ? "" : status)}
      />
      <RangePicker
        range={search}
        fallback={DEFAULT_RANGE}
        interval={interval}
        onChange={(next) => onChange({ ...filters, ...next })}
      />
      <TextFilter label="Model" value={search.model ?? ""} onCommit={(model) => change("model", model)} />
      <SelectFilter
        label="Key"
        value={search.key ?? ""}
        options={[
          { value: "", label: "Any key" },
          ...(unknownKey ? [{ value: search.key ?? "", label: search.key ?? "" }] : []),
          ...keyOptions,
        ]}
        onChange={(key) => change("key", key)}
      />
    </FilterBar>
  );
}

function rangeOf({ range, from, to }: { [K in keyof RangeSearch]: RangeSearch[K] | undefined }): RangeSearch {
  if (from && to) return { from, to };
  return range ? { range } : {};
}
