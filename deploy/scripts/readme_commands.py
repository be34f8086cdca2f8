"""Checks what the documents tell people to type and click: every recipe, script, path and link must exist.

    readme_commands.py          reads README.md, CONTRIBUTING.md, SECURITY.md and docs/**/*.md

In code blocks and inline code: `./justw RECIPE` and `just RECIPE` are recipes of the justfile, `deploy/...`,
`services/...` and other repository paths exist, `sluicegate SUBCOMMAND` is a subcommand. Links to files exist.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = re.compile(r"```[\w-]*\n(.*?)```|`([^`\n]+)`", re.S)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
RECIPE = re.compile(r"(?:\./justw|(?<![\w/.-])just) +([a-z][\w-]*)")
SUBCOMMAND = re.compile(r"(?<![\w/.-])sluicegate +([a-z][\w-]*)")
PATH = re.compile(r"(?<![\w/.$~}-])((?:deploy|services|web|docs|migrations|\.ci|\.config)/[\w./-]*[\w/])")
CREATED = ("web/dist", "web/node_modules")  # exist only after a build


def recipes(text):
    """Public recipe names of a justfile.

    >>> sorted(recipes("set x := true\\n# doc\\nup *ARGS:\\n    @x\\ncheck:\\n"))
    ['check', 'up']
    """
    return set(re.findall(r"^([a-z][\w-]*)(?: [^:=\n]*)?:(?!=)", text, re.M))


def subcommands(text):
    """Names in the standalone binary's `enum Command`.

    >>> sorted(subcommands("enum Command {\\n    /// doc\\n    Up(UpArguments),\\n    Reset { yes: bool },\\n}\\n"))
    ['reset', 'up']
    """
    body = re.search(r"enum Command \{\n(.*?)^\}", text, re.S | re.M)
    names = re.findall(r"^    ([A-Z]\w*)\b", body.group(1), re.M) if body else []
    return {re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower() for name in names}


def problems(document, text, known_recipes, known_subcommands, exists):
    """What the text promises and the repository does not have.

    >>> problems("a.md", "`./justw fly` `docs/no.md` `sluicegate sing` [x](gone.md)", {"up"}, {"up"}, lambda p: False)
    ... # doctest: +NORMALIZE_WHITESPACE
    ['a.md: there is no recipe `fly`', 'a.md: there is no docs/no.md',
     'a.md: there is no subcommand `sluicegate sing`', 'a.md: broken link to gone.md']
    >>> problems("a.md", "`./justw up` then `sluicegate up`", {"up"}, {"up"}, lambda p: False)
    []
    """
    found = []
    for block, inline in CODE.findall(text):
        code = block or inline
        for name in RECIPE.findall(code):
            if name not in known_recipes:
                found.append(f"{document}: there is no recipe `{name}`")
        for name in SUBCOMMAND.findall(code):
            if known_subcommands and name not in known_subcommands:
                found.append(f"{document}: there is no subcommand `sluicegate {name}`")
        for path in PATH.findall(code):
            if not path.startswith(CREATED) and not exists(path):
                found.append(f"{document}: there is no {path}")
    for target in LINK.findall(text):
        if not exists(str(Path(document).parent / target)):
            found.append(f"{document}: broken link to {target}")
    return found


def main():
    documents = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    documents += sorted((ROOT / "docs").glob("**/*.md"))
    known_recipes = recipes((ROOT / "justfile").read_text(encoding="utf-8"))
    entry = ROOT / "services" / "standalone" / "src" / "main.rs"
    known_subcommands = subcommands(entry.read_text(encoding="utf-8")) if entry.exists() else set()
    checked, wrong = 0, []
    for document in documents:
        if not document.exists():
            continue
        name = str(document.relative_to(ROOT))
        text = document.read_text(encoding="utf-8")
        found = problems(name, text, known_recipes, known_subcommands, lambda path: (ROOT / path).exists())
        checked += 1
        wrong += found
    print("\n".join(wrong), file=sys.stderr)
    bad = len({line.split(":")[0] for line in wrong})
    print(f"documents: {checked - bad} passed, {bad} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
