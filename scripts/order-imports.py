#!/usr/bin/env python3
"""Orders the imports at the top of Rust files into groups, with a line between them: the standard library, other
crates, this crate with its modules, and re-exports. rustfmt sorts within a group.

usage: scripts/order-imports.py [--check | --self-test]

With --check, changes nothing, and fails if the imports of a file are not in this order.
"""

import re
import subprocess
import sys

from source_text import ROOT

USE = re.compile(r"(?:pub(?:\([^)]*\))? )?use ")
LOCAL = {"crate", "super", "self"}
STANDARD = {"std", "core", "alloc"}


def ordered(text: str) -> str:
    """Returns the text with its first imports outside all braces in order."""
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if USE.match(line)), None)
    if start is None:
        return text
    while start > 0 and lines[start - 1].startswith("#["):
        start -= 1
    modules = set(re.findall(r"^(?:pub(?:\([^)]*\))? )?mod (\w+)[; ]", text, re.MULTILINE))
    groups: list[list[str]] = [[], [], [], []]
    number = end = start
    above: list[str] = []
    while number < len(lines):
        line = lines[number]
        if line.startswith(("#[", "// ")):
            above.append(line)
        elif USE.match(line):
            last = number
            while not lines[last].endswith(";"):
                last += 1
            groups[group_of(line, modules)].append("\n".join(above + lines[number:last + 1]))
            above, number, end = [], last, last + 1
        elif line or above:
            break
        number += 1
    imports = "\n\n".join("\n".join(group) for group in groups if group)
    return "\n".join([*lines[:start], imports, *lines[end:]])


def group_of(line: str, modules: set[str]) -> int:
    if line.startswith("pub"):
        return 3
    first = re.match(r"[{:]*(\w+)", USE.sub("", line, count=1))[1]
    return 0 if first in STANDARD else 2 if first in LOCAL | modules else 1


def self_test() -> None:
    mixed = "//! Text.\n\nmod a;\n\nuse crate::x;\npub use a::A;\nuse a::B;\n#[cfg(test)]\nuse http::{\n    C,\n};\nuse std::d;\n\nfn f() {}\n"
    right = "//! Text.\n\nmod a;\n\nuse std::d;\n\n#[cfg(test)]\nuse http::{\n    C,\n};\n\nuse crate::x;\nuse a::B;\n\npub use a::A;\n\nfn f() {}\n"
    assert ordered(mixed) == right, ordered(mixed)
    assert ordered(right) == right, ordered(right)
    assert ordered("fn f() {}\n") == "fn f() {}\n"


def main() -> None:
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    listed = subprocess.run(["git", "ls-files", "-z", "*.rs"], cwd=ROOT, check=True, capture_output=True, text=True)
    wrong = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.exists():
            continue
        text = path.read_text()
        if (right := ordered(text)) != text:
            wrong.append(name)
            if not sys.argv[1:]:
                path.write_text(right)
    if sys.argv[1:] and wrong:
        names = "\n".join(wrong)
        sys.exit(f"imports are not in order: run scripts/order-imports.py and cargo fmt\n{names}")


if __name__ == "__main__":
    main()
