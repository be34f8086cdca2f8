import styles from "./chart-tooltip.module.css";
import { Swatch } from "./swatch";

interface ChartTooltipProps {
  title: string;
  series: readonly {
    id: string;
    label: string;
    color: string;
    texts: readonly string[];
    values: readonly number[];
  }[];
  index: number;
  /** Says that the bucket is still being filled. */
  open: boolean;
}

export function ChartTooltip({ title, series, index, open }: ChartTooltipProps) {
  const shown = series.length > 2 ? series.filter(({ values }) => (values[index] ?? 0) > 0) : series;
  return (
    <div className={styles["tooltip"]}>
      <p className={styles["title"]}>
        {title}
        {open && <span className={styles["open"]}> so far</span>}
      </p>
      {shown.map(({ id, label, color, texts }) => (
        <p key={id} className={styles["row"]}>
          <Swatch color={color} />
          <span className={styles["label"]}>{label}</span>
          <span className={styles["value"]}>{texts[index]}</span>
        </p>
      ))}
      {shown.length === 0 && <p className={styles["open"]}>No requests</p>}
    </div>
  );
}
