// What a simulation found: how much of the past it could decide, what changes in numbers and bars, and each request that
// goes elsewhere.
import { useState } from "react";
import type { RequestDifference, RouteSimulation } from "@/api/types";
import { PairedBars } from "@/components/charts/paired-bars";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Segmented } from "@/components/ui/segmented";
import { useConnectionNames } from "@/hooks/use-connection-names";
import type { CurrentProject } from "@/hooks/use-project";
import { plural } from "@/lib/format";
import { formatMoment, formatUtc } from "@/lib/time";
import { figuresOf, mixBars, totalBars } from "../lib/simulation-words";
import { DifferencesTable, type More } from "./differences-table";
import { SimulationLimits } from "./simulation-limits";
import styles from "./simulation-result.module.css";
import { MixTable, TotalsTable } from "./simulation-tables";

interface SimulationResultProps {
  current: CurrentProject;
  /** The answer with the summary. */
  simulation: RouteSimulation;
  differences: readonly RequestDifference[];
  more: More;
}

export function SimulationResult({ current, simulation, differences, more }: SimulationResultProps) {
  const { window, requests, is_cut, simulated, changed } = simulation;
  if (requests === 0) {
    return (
      <Card flush label="Result">
        <EmptyState title="No requests in this time">
          None came to the route since {formatMoment(window.from)}. Look further back, or send some.
        </EmptyState>
      </Card>
    );
  }
  return (
    <>
      <Card flush label="Result">
        <p className={styles["coverage"]} role="status">
          {simulated === requests
            ? `All of ${plural(requests, "request")} were decided again`
            : `${simulated} of ${plural(requests, "request")} were decided again`}
          , from <time title={formatUtc(window.from)}>{formatMoment(window.from)}</time> to{" "}
          <time title={formatUtc(window.to)}>{formatMoment(window.to)}</time>.
          {is_cut && " There were more; these are the newest."}
        </p>
        <dl className={styles["figures"]}>
          {figuresOf(simulation).map(({ name, value, note, isBad }) => (
            <div key={name} className={styles["figure"]}>
              <dt>{name}</dt>
              <dd className={`${styles["value"]} ${isBad ? styles["bad"] : ""}`}>{value}</dd>
              <dd className={styles["note"]}>{note}</dd>
            </div>
          ))}
        </dl>
      </Card>
      {simulated > 0 && <Comparison current={current} simulation={simulation} />}
      <SimulationLimits simulation={simulation} />
      {changed > 0 && (
        <DifferencesTable current={current} differences={differences} changed={changed} more={more} />
      )}
    </>
  );
}

function Comparison({ current, simulation }: { current: CurrentProject; simulation: RouteSimulation }) {
  const connections = useConnectionNames(current.id);
  const [view, setView] = useState<"plot" | "table">("plot");
  const names = { before: `Version ${simulation.published_version}`, after: "Draft" };
  const totals = totalBars(simulation);
  return (
    <Card flush label="Before and after">
      <div className={styles["head"]}>
        <h2 className={styles["title"]}>Before and after</h2>
        <Segmented
          label="Show as"
          value={view}
          options={[
            { value: "plot", label: "Plot" },
            { value: "table", label: "Table" },
          ]}
          onChange={setView}
        />
      </div>
      {view === "plot" ? (
        <div className={styles["plots"]}>
          {totals.length > 0 && (
            <section aria-label="Cost and time">
              <h3 className={styles["plot"]}>Cost and time</h3>
              <PairedBars label="Cost and time before and after" names={names} rows={totals} shared={false} />
            </section>
          )}
          <section aria-label="Where requests go first">
            <h3 className={styles["plot"]}>Where requests go first</h3>
            <PairedBars
              label="Requests by endpoint"
              names={names}
              rows={mixBars(simulation.mix, connections)}
              shared
            />
          </section>
        </div>
      ) : (
        <>
          <TotalsTable simulation={simulation} names={names} />
          <MixTable simulation={simulation} names={names} connections={connections} />
        </>
      )}
    </Card>
  );
}
