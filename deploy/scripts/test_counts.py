"""How many tests a runner says it ran, and which failed: reads the output of the runners used here.

Called by test.py with everything a stage printed. Pure; `python3 -m doctest test_counts.py` proves it.
"""

import re
from typing import NamedTuple


class Counts(NamedTuple):
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def plus(self, other):
        return Counts(*(mine + theirs for mine, theirs in zip(self, other)))


COLOR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CARGO = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", re.M)
NEXTEST = re.compile(r"^ *Summary \[[^]]*\] +\d+(?:/\d+)? tests? run: (.*)$", re.M)
VITEST = re.compile(r"^ *Tests +(.*\(\d+\)) *$", re.M)
PLAYWRIGHT = re.compile(r"^ +(\d+) (passed|failed|skipped|flaky|did not run)\b", re.M)
PLAIN = re.compile(r"^(?:[\w-]+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)

FAILURES = (
    re.compile(r"^test (.+?)(?: - should panic)? \.\.\. FAILED$", re.M),  # cargo test
    re.compile(r"^ *(?:FAIL|TIMEOUT|SIG[A-Z]+) \[[^]]*\] (?:\([^)]*\) )?(.+)$", re.M),  # nextest
    re.compile(r"^ *FAIL +(\S+ > .+)$", re.M),  # vitest
    re.compile(r"^ +(\[\w+\] › .+?)[ ─]*$", re.M),  # the closing list of playwright
)


def amount(line, word):
    found = re.search(rf"(\d+) {word}", line)
    return int(found.group(1)) if found else 0


def count(output):
    """Adds up every closing line in the output.

    >>> count("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out")
    Counts(passed=5, failed=0, skipped=1)
    >>> count("     Summary [   0.5s] 12 tests run: 11 passed (1 slow), 1 failed, 2 skipped")
    Counts(passed=11, failed=1, skipped=2)
    >>> count("     Summary [   0.5s] 3/9 tests run: 1 passed, 1 failed, 1 timed out, 0 skipped")
    Counts(passed=1, failed=2, skipped=0)
    >>> count(" Test Files  2 passed (2)\\n      Tests  1 failed | 7 passed | 2 skipped (10)\\n")
    Counts(passed=7, failed=1, skipped=2)
    >>> count("  1 failed\\n    [live] > a.spec.ts:3\\n  4 passed (12.3s)\\n")
    Counts(passed=4, failed=1, skipped=0)
    >>> count("\\x1b[32m3 passed, 0 failed\\x1b[0m")
    Counts(passed=3, failed=0, skipped=0)
    >>> count("nothing ran")
    Counts(passed=0, failed=0, skipped=0)
    """
    text = COLOR.sub("", output)
    total = Counts()
    for found in CARGO.finditer(text):
        total = total.plus(Counts(*map(int, found.groups())))
    for found in NEXTEST.finditer(text):
        line = found.group(1)
        failed = amount(line, "failed") + amount(line, "timed out") + amount(line, "exec failed")
        total = total.plus(Counts(amount(line, "passed"), failed, amount(line, "skipped")))
    for found in VITEST.finditer(text):
        line = found.group(1)
        skipped = amount(line, "skipped") + amount(line, "todo")
        total = total.plus(Counts(amount(line, "passed"), amount(line, "failed"), skipped))
    for found in PLAYWRIGHT.finditer(text):
        number, word = int(found.group(1)), found.group(2)
        if word in ("passed", "flaky"):
            total = total.plus(Counts(passed=number))
        elif word == "failed":
            total = total.plus(Counts(failed=number))
        else:
            total = total.plus(Counts(skipped=number))
    for found in PLAIN.finditer(text):
        total = total.plus(Counts(*(int(each or 0) for each in found.groups())))
    return total


def failures(output):
    """The names of the tests that failed, each once, in order.

    >>> failures("test a::b ... ok\\ntest a::c ... FAILED\\n")
    ['a::c']
    >>> failures("  FAIL [   0.5s] (1/9) crate::it a::c\\n  FAIL [   0.5s] (1/9) crate::it a::c\\n")
    ['crate::it a::c']
    >>> failures(" FAIL  src/a.test.ts > adds > two\\n")
    ['src/a.test.ts > adds > two']
    >>> failures("  ✘  3 [mock] › a.spec.ts:3:1 › opens (5s)\\n  1 failed\\n    [mock] › a.spec.ts:3:1 › opens ───\\n")
    ['[mock] › a.spec.ts:3:1 › opens']
    """
    text = COLOR.sub("", output)
    return list(dict.fromkeys(name for pattern in FAILURES for name in pattern.findall(text)))
