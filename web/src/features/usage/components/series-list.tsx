// Names the colours of the chart and gives each series its share.
import { Swatch } from "@/components/charts/swatch";
import { formatShare } from "@/lib/format";
import type { ChartSeries } from "../lib/to-series";
import styles from "./series-list.module.css";

export function SeriesList({ series }: { series: readonly ChartSeries[] }) {
  const whole = series.reduce((sum, { totalValue }) => sum + totalValue, 0);
  return (
    <ul className={styles["list"]}>
      {series.map(({ id, label, color, total, totalValue }) => (
        <li key={id} className={styles["item"]}>
          <Swatch color={color} />
          <span className={styles["label"]} title={label}>
            {label}
          </span>
          <span className={styles["total"]}>{total}</span>
          <span className={styles["share"]}>{formatShare(totalValue, whole)}</span>
        </li>
      ))}
    </ul>
  );
}
