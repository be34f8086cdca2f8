// What was asked for and what served it, with one dot per attempt: filled when it served, hollow when it failed.
import { ArrowRight } from "lucide-react";
import type { RequestRecord } from "@/api/types";
import { plural } from "@/lib/format";
import { isServed } from "@/lib/request-summary";
import styles from "./model-path.module.css";

export function ModelPath({ request }: { request: RequestRecord }) {
  const { model_requested: asked, model_served: served } = request;
  // "gpt-4o" served as "openai/gpt-4o" is the same name in full, not another model.
  return (
    <>
      {served?.endsWith(`/${asked}`) && (
        <span className={`mono ${styles["vendor"]}`}>{served.slice(0, -asked.length)}</span>
      )}
      <span className="mono">{asked || "unknown"}</span>
      {served && served !== asked && !served.endsWith(`/${asked}`) && (
        <>
          <ArrowRight size={12} aria-label="served by" className={styles["arrow"]} />
          <span className="mono">{served}</span>
        </>
      )}
    </>
  );
}

export function AttemptDots({ request }: { request: RequestRecord }) {
  const { attempts } = request;
  if (attempts.length < 2) return null;
  const served = isServed(request) ? attempts.length - 1 : -1;
  return (
    <svg
      className={styles["dots"]}
      width={attempts.length * 10}
      height="8"
      role="img"
      aria-label={plural(attempts.length, "attempt")}
    >
      {attempts.map((attempt, index) => (
        <circle
          key={attempt.index}
          cx={index * 10 + 4}
          cy="4"
          r="3"
          className={index === served ? styles["served"] : styles["failed"]}
        />
      ))}
    </svg>
  );
}
