// The time range control of every observing page: presets, or two moments of the reader's own.
import { useState } from "react";
import { type Interval, isPreset, PRESETS, type Preset, type RangeSearch } from "@/lib/time-range";
import styles from "./filters.module.css";

interface RangePickerProps {
  range: RangeSearch;
  fallback: Preset;
  /** What a preset means right now, to start a custom range from. */
  interval: Interval;
  onChange: (range: RangeSearch) => void;
}

export function RangePicker({ range, fallback, interval, onChange }: RangePickerProps) {
  const custom = Boolean(range.from && range.to);
  return (
    <div className={styles["group"]}>
      <select
        className={styles["control"]}
        aria-label="Time range"
        value={custom ? "custom" : (range.range ?? fallback)}
        onChange={(event) => {
          const value = event.target.value;
          onChange(isPreset(value) ? { range: value } : { from: interval.from, to: interval.to });
        }}
      >
        {Object.entries(PRESETS).map(([value, { label }]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        <option value="custom">Custom…</option>
      </select>
      {custom && (
        <>
          <MomentInput
            label="From"
            value={interval.from}
            onChange={(from) => onChange({ from, to: interval.to })}
          />
          <MomentInput
            label="To"
            value={interval.to}
            onChange={(to) => onChange({ from: interval.from, to })}
          />
        </>
      )}
    </div>
  );
}

function MomentInput({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (iso: string) => void;
}) {
  const [text, setText] = useState(() => toLocalInput(value));
  return (
    <input
      type="datetime-local"
      aria-label={label}
      className={styles["control"]}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => {
        const time = new Date(text).getTime();
        if (!Number.isNaN(time)) onChange(new Date(time).toISOString());
      }}
    />
  );
}

function toLocalInput(iso: string): string {
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
