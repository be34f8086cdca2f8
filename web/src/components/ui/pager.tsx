import { Button } from "./button";
import styles from "./pager.module.css";

interface PagerProps {
  shown: string;
  hasMore: boolean;
  loading: boolean;
  onMore: () => void;
}

/** The foot of a cursor list: how much is shown, and more of it. */
export function Pager({ shown, hasMore, loading, onMore }: PagerProps) {
  return (
    <footer className={styles["pager"]}>
      <span>{shown}</span>
      {hasMore && (
        <Button size="small" onClick={onMore} pending={loading && "Loading…"}>
          Load more
        </Button>
      )}
    </footer>
  );
}
