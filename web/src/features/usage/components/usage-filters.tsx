import { FilterBar } from "@/components/filters/filter-bar";
import { RangePicker } from "@/components/filters/range-picker";
import { SelectFilter } from "@/components/filters/select-filter";
import { Segmented } from "@/components/ui/segmented";
import { useNow } from "@/hooks/use-now";
import { resolveRange } from "@/lib/time-range";
import { allowsHours, chooseGrain, DEFAULT_RANGE, type Group, type UsageSearch } from "../lib/usage-search";

const GROUPS: readonly { value: Group; label: string }[] = [
  { value: "none", label: "All together" },
  { value: "model", label: "By model" },
  { value: "key", label: "By key" },
];

interface UsageFiltersProps {
  search: UsageSearch;
  onChange: (search: UsageSearch) => void;
}

export function UsageFilters({ search, onChange }: UsageFiltersProps) {
  const now = useNow(60_000);
  const { range: _range, from: _from, to: _to, ...rest } = search;
  return (
    <FilterBar label="Choose what usage to show">
      <RangePicker
        range={search}
        fallback={DEFAULT_RANGE}
        interval={resolveRange(search, DEFAULT_RANGE, now)}
        onChange={(range) => onChange({ ...rest, ...range })}
      />
      <Segmented
        label="Grain"
        value={chooseGrain(search)}
        options={[
          { value: "hour", label: "Hourly", disabled: !allowsHours(search) },
          { value: "day", label: "Daily" },
        ]}
        onChange={(grain) => onChange({ ...search, grain })}
      />
      <SelectFilter
        label="Group"
        value={search.group ?? "none"}
        options={GROUPS}
        onChange={(group) => onChange({ ...search, group: group as Group })}
      />
    </FilterBar>
  );
}
