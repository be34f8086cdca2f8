import type { Connection, ConnectionTest } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";
import { formatDuration, plural } from "@/lib/format";
import styles from "./test-result.module.css";

interface TestResultProps {
  tested: Connection;
  result: ConnectionTest;
  onClose: () => void;
}

/** What the provider answered to a test, in its own words when it refused. */
export function TestResult({ tested, result, onClose }: TestResultProps) {
  const took = typeof result.latency_ms === "number" ? ` in ${formatDuration(result.latency_ms)}` : "";
  return (
    <Dialog open onOpenChange={(next) => !next && onClose()} title={`Test of “${tested.slug}”`}>
      {result.ok ? (
        <Notice tone="ok">
          The provider answered{took} and offers {plural(result.models.length, "model")}.
        </Notice>
      ) : (
        <Notice tone="bad">
          {result.status
            ? `The provider answered ${result.status}${took}`
            : `The provider did not answer${took}`}
          {result.message ? `: ${result.message}` : "."}
        </Notice>
      )}
      {result.models.length > 0 && (
        <ul className={styles["models"]} aria-label="Models offered">
          {result.models.map((model) => (
            <li key={model} className="mono">
              {model}
            </li>
          ))}
        </ul>
      )}
      {!result.ok && <p>The connection is saved. Requests through it fail until this is solved.</p>}
      <DialogActions>
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
