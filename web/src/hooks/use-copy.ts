import { useCallback, useEffect, useState } from "react";

const SHOWN_MS = 2_000;

/** Copies text and says for two seconds that it did. */
export function useCopy(text: string): { copied: boolean; copy: () => void } {
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = useCallback(() => {
    write(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  }, [text]);

  return { copied, copy };
}

/** The clipboard API needs a secure context; a dashboard on plain http in a private network falls back to a selection. */
async function write(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  area.className = "visually-hidden";
  // Inside an open dialog, so that its focus trap does not take the selection away.
  const host = document.querySelector("[role=dialog]") ?? document.body;
  host.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copying was refused");
}
