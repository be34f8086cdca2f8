import { Segmented } from "@/components/ui/segmented";
import { FilterBar } from "./filter-bar";

interface ProjectFilterProps {
  /** What is listed, in the plural. */
  noun: string;
  show: "all" | undefined;
  onChange: (search: { show?: "all" }) => void;
}

/** What acts on the project in view, organization-wide things included, or what acts anywhere. */
export function ProjectFilter({ noun, show, onChange }: ProjectFilterProps) {
  return (
    <FilterBar label={`Choose which ${noun} to show`}>
      <Segmented
        label={`Which ${noun}`}
        value={show ?? "project"}
        options={[
          { value: "project", label: "This project" },
          { value: "all", label: "All projects" },
        ]}
        onChange={(next) => onChange(next === "all" ? { show: next } : {})}
      />
    </FilterBar>
  );
}
