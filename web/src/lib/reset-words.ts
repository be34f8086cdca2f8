// When a period of a budget ends, for reading: how long until then, and the moment by the budget's own clocks.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** `3 d 4 h`, `4 h 12 min`, `12 min`, `less than a minute`. Never more than is left. */
export function formatCountdown(milliseconds: number): string {
  if (milliseconds < MINUTE) return "less than a minute";
  const days = Math.floor(milliseconds / DAY);
  const hours = Math.floor((milliseconds % DAY) / HOUR);
  const minutes = Math.floor((milliseconds % HOUR) / MINUTE);
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return `${minutes} min`;
}

/** `Mon 00:00 UTC` within a week, else `Dec 1, 00:00 Europe/Berlin`, with the year when it is another one. */
export function formatClock(iso: string, timeZone: string, now: number): string {
  const at = new Date(iso);
  const near = at.getTime() - now < WEEK && at.getTime() > now - DAY;
  const year = (date: Date) => new Intl.DateTimeFormat("en-US", { year: "numeric", timeZone }).format(date);
  const day = new Intl.DateTimeFormat(
    "en-US",
    near
      ? { weekday: "short", timeZone }
      : {
          month: "short",
          day: "numeric",
          timeZone,
          ...(year(at) === year(new Date(now)) ? {} : { year: "numeric" as const }),
        },
  ).format(at);
  const clock = new Intl.DateTimeFormat("en-US", {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone,
  }).format(at);
  return `${day}${near ? "" : ","} ${clock} ${timeZone}`;
}

/** `resets in 3 d 4 h (Mon 00:00 UTC)`. */
export function resetWords(resetsAt: string | null, timeZone: string, now: number): string {
  if (resetsAt === null) return "never resets";
  const left = Date.parse(resetsAt) - now;
  if (left <= 0) return "resets now";
  return `resets in ${formatCountdown(left)} (${formatClock(resetsAt, timeZone, now)})`;
}
