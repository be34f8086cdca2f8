// The difference between two texts, line by line: the longest common subsequence, with the unchanged far from any change
// left out.

export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
  /** Line in the old and in the new text, from 1; null where it is not in it. */
  before: number | null;
  after: number | null;
}

export interface Skip {
  kind: "skip";
  lines: number;
}

const CONTEXT = 3;

export function lineDiff(before: string, after: string): DiffLine[] {
  const olds = lines(before);
  const news = lines(after);
  const common = commonLengths(olds, news);
  const diff: DiffLine[] = [];
  let old = 0;
  let now = 0;
  while (old < olds.length || now < news.length) {
    const [gone, come] = [olds[old], news[now]];
    if (gone !== undefined && gone === come) {
      diff.push({ kind: "same", text: gone, before: ++old, after: ++now });
    } else if (
      gone !== undefined &&
      (come === undefined || lengthAt(common, old + 1, now) >= lengthAt(common, old, now + 1))
    ) {
      diff.push({ kind: "removed", text: gone, before: ++old, after: null });
    } else {
      diff.push({ kind: "added", text: come ?? "", before: null, after: ++now });
    }
  }
  return diff;
}

/** Only what changed and what stands around it. */
export function hunks(diff: readonly DiffLine[]): (DiffLine | Skip)[] {
  const changes = diff.flatMap(({ kind }, index) => (kind === "same" ? [] : [index]));
  const isNear = (index: number) => changes.some((change) => Math.abs(change - index) <= CONTEXT);
  const shown: (DiffLine | Skip)[] = [];
  diff.forEach((line, index) => {
    const last = shown.at(-1);
    if (isNear(index)) shown.push(line);
    else if (last?.kind === "skip") last.lines += 1;
    else shown.push({ kind: "skip", lines: 1 });
  });
  return shown;
}

function lines(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function lengthAt(common: readonly (readonly number[])[], old: number, now: number): number {
  return common[old]?.[now] ?? 0;
}

/** Length of the longest common subsequence of what is left from each pair of places. */
function commonLengths(olds: readonly string[], news: readonly string[]): number[][] {
  const common = Array.from({ length: olds.length + 1 }, () => new Array<number>(news.length + 1).fill(0));
  for (let old = olds.length - 1; old >= 0; old -= 1) {
    for (let now = news.length - 1; now >= 0; now -= 1) {
      const row = common[old];
      if (!row) continue;
      row[now] =
        olds[old] === news[now]
          ? lengthAt(common, old + 1, now + 1) + 1
          : Math.max(lengthAt(common, old + 1, now), lengthAt(common, old, now + 1));
    }
  }
  return common;
}
