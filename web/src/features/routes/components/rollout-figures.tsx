// What both versions did in the stage of a rollout, as bars or as numbers beside what halts it.
import { useState } from "react";
import type { RouteRollout } from "@/api/types";
import { PairedBars } from "@/components/charts/paired-bars";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Segmented } from "@/components/ui/segmented";
import { formatMoment, formatUtc } from "@/lib/time";
import { type FigureRow, figureRows, guardWords } from "../lib/rollout-words";
import styles from "./rollout-figures.module.css";

export function RolloutFigures({ rollout }: { rollout: RouteRollout }) {
  const [view, setView] = useState<"plot" | "table">("plot");
  const names = { before: `Version ${rollout.base_version}`, after: `Version ${rollout.version}` };
  const rows = figureRows(rollout);
  return (
    <section className={styles["figures"]} aria-label="Side by side">
      <div className={styles["head"]}>
        <h3 className={styles["title"]}>Side by side in this stage</h3>
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
        <div className={styles["plot"]}>
          <PairedBars label="Both versions in this stage" names={names} rows={rows} shared={false} />
        </div>
      ) : (
        <DataTable
          label="Both versions in this stage"
          columns={columnsOf(names)}
          rows={rows}
          rowKey={({ id }) => id}
        />
      )}
      <p className={styles["note"]}>
        From <time title={formatUtc(rollout.stage_since)}>{formatMoment(rollout.stage_since)}</time>
        {rollout.stopped_at && (
          <>
            {" "}
            to <time title={formatUtc(rollout.stopped_at)}>{formatMoment(rollout.stopped_at)}</time>
          </>
        )}
        .{" "}
        {rollout.figures.is_cut &&
          "There were more requests than are looked at: the figures are those of the newest 50,000. "}
        {guardWords(rollout.halt_when)}
      </p>
    </section>
  );
}

function columnsOf(names: { before: string; after: string }): Column<FigureRow>[] {
  return [
    { id: "name", header: "Of this stage", card: "lead", cell: ({ label }) => label },
    { id: "before", header: names.before, align: "end", card: "labelled", cell: ({ before }) => before.text },
    { id: "after", header: names.after, align: "end", card: "labelled", cell: ({ after }) => after.text },
    { id: "limit", header: "Limit", align: "end", card: "labelled", cell: ({ limit }) => limit },
  ];
}
