// The totals of the range; the ones that can be drawn choose what the chart below shows.
import type { UsageTotals as Totals } from "@/api/types";
import { formatCount, formatInteger, formatShare, plural } from "@/lib/format";
import { formatMoney, formatMoneyExact } from "@/lib/money";
import type { Metric } from "../lib/usage-search";
import styles from "./usage-totals.module.css";

interface UsageTotalsProps {
  totals: Totals;
  metric: Metric;
  onMetric: (metric: Metric) => void;
}

export function UsageTotals({ totals, metric, onMetric }: UsageTotalsProps) {
  const tokens = totals.input_tokens + totals.output_tokens;
  return (
    <fieldset className={styles["totals"]}>
      <legend className="visually-hidden">Totals. Choose one to draw it.</legend>
      <Total
        id="spend"
        name="Spend"
        value={formatMoney(totals.cost)}
        exact={formatMoneyExact(totals.cost)}
        note={totals.requests > 0 ? `exactly ${formatMoneyExact(totals.cost)}` : "no requests"}
        {...{ metric, onMetric }}
      />
      <Total
        id="requests"
        name="Requests"
        value={formatCount(totals.requests)}
        exact={formatInteger(totals.requests)}
        note={`${plural(totals.errors, "error")}, ${formatShare(totals.errors, totals.requests)}`}
        {...{ metric, onMetric }}
      />
      <Total
        id="tokens"
        name="Tokens"
        value={formatCount(tokens)}
        exact={formatInteger(tokens)}
        note={`${formatCount(totals.input_tokens)} in, ${formatCount(totals.output_tokens)} out`}
        {...{ metric, onMetric }}
      />
    </fieldset>
  );
}

interface TotalProps {
  id: Metric;
  name: string;
  value: string;
  exact: string;
  note: string;
  metric: Metric;
  onMetric: (metric: Metric) => void;
}

function Total({ id, name, value, exact, note, metric, onMetric }: TotalProps) {
  return (
    <label className={styles["total"]}>
      <input type="radio" name="usage-metric" checked={metric === id} onChange={() => onMetric(id)} />
      <span className={styles["name"]}>{name}</span>
      <span className={styles["value"]} title={exact}>
        {value}
      </span>
      <span className={styles["note"]}>{note}</span>
    </label>
  );
}
