#!/usr/bin/env python3
"""Checks the links of every Markdown file in the repository: files and headings that do not exist, pages of the book
that its table of contents leaves out, tests that SECURITY.md names for a promise and that do not exist, and paths
of ARCHITECTURE.md and CONTRIBUTING.md that do not exist.
Links to other sites are not followed."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "docs" / "src"
# The book is also rendered as a site of its own, where only absolute links lead to the rest of the repository.
REPOSITORY = re.compile(r"https://github\.com/gaiterguard/gaiterguard/(?:blob|tree)/main/")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")


def prose(text: str) -> list[str]:
    """The lines outside fenced code blocks, with code spans removed."""
    lines, fence = [], None
    for line in text.splitlines():
        marker = re.match(r"\s*(`{3,}|~{3,})", line)
        if marker:
            fence = None if fence and marker[1].startswith(fence) else fence or marker[1]
            continue
        if fence is None:
            lines.append(re.sub(r"`[^`]*`", "", line))
    return lines


def anchors(path: Path) -> set[str]:
    """The fragments that GitHub and mdBook give to a file's headings."""
    found: set[str] = set()
    fence = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            fence = not fence
        heading = None if fence else HEADING.match(line)
        if not heading:
            continue
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
        slug = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        name, number = slug, 0
        while name in found:
            number += 1
            name = f"{slug}-{number}"
        found.add(name)
    return found


def problems_of(path: Path) -> list[str]:
    found = []
    for link in LINK.findall("\n".join(prose(path.read_text(encoding="utf-8")))):
        folder, local = path.parent, link
        if REPOSITORY.match(link):
            folder, local = ROOT, REPOSITORY.sub("", link)
        elif re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        target, _, fragment = unquote(local).partition("#")
        file = (folder / target).resolve() if target else path
        if not file.exists():
            found.append(f"{path.relative_to(ROOT)}: {link} does not exist")
        elif path.is_relative_to(BOOK) and folder != ROOT and not file.is_relative_to(BOOK):
            found.append(f"{path.relative_to(ROOT)}: {link} leaves the book; link to the repository's address")
        elif fragment and file.suffix == ".md" and fragment not in anchors(file):
            found.append(f"{path.relative_to(ROOT)}: {link} has no such heading")
    return found


def unlisted_pages() -> list[str]:
    summary = BOOK / "SUMMARY.md"
    listed = {(BOOK / link.partition("#")[0]).resolve() for link in LINK.findall(summary.read_text(encoding="utf-8"))}
    pages = {page.resolve() for page in BOOK.rglob("*.md")} - {summary.resolve()}
    return [f"docs/src/SUMMARY.md does not list {page.relative_to(ROOT)}" for page in sorted(pages - listed)]


TEST = re.compile(r"#\[(?:tokio::)?test\b|\bproptest!|\bon_both(?:_databases)?!")


def rust_tests(path: Path) -> str:
    """The text of a Rust file, or of those below a folder, as far as they have tests."""
    files = path.rglob("*.rs") if path.is_dir() else [path] if path.exists() else []
    return "\n".join(text for file in files if TEST.search(text := file.read_text(encoding="utf-8")))


def places_of(name: str) -> list[Path]:
    """The Rust files and folders that a place in SECURITY.md may mean. Its introduction describes the forms."""
    if re.fullmatch(r"\w+/tests/it(/\w+)*", name):
        return [ROOT / "crates" / f"{name}.rs", ROOT / "crates" / name]
    if re.fullmatch(r"\w+(/\w+)+", name):
        return [ROOT / "tests/e2e" / f"{name}.rs"]
    if re.fullmatch(r"\w+(::\w+)*", name):
        crate, *modules = name.split("::")
        module = ROOT / "crates" / crate / "src" / "/".join(modules)
        return [module.with_name(f"{module.name}.rs"), module] if modules else [ROOT / "crates" / crate]
    return []


def test_exists(name: str) -> bool:
    """Whether SECURITY.md can name this as the test of a promise."""
    file, has_title, title = name.partition(": ")
    if (ROOT / file).is_file():
        return not has_title or f"'{title}'" in (ROOT / file).read_text(encoding="utf-8")
    if any(rust_tests(place) for place in places_of(name)):
        return True
    place, _, test = name.rpartition("::")
    # `on_both!` lists the tests that it runs, and their functions have no attribute of their own.
    return any(re.search(rf"\bfn {test}\b", rust_tests(path)) for path in places_of(place))


def untested_promises() -> list[str]:
    found, in_table = [], False
    for number, line in enumerate((ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines(), start=1):
        in_table = line.startswith("|") and (in_table or line.startswith("| promise | test |"))
        if not in_table or line.startswith(("| promise", "|---")):
            continue
        names = re.findall(r"`([^`]+)`", line.rstrip("| ").rpartition(" | ")[2])
        problems = [f"no test is `{name}`" for name in names if not test_exists(name)]
        if not names:
            problems.append("the promise names no test")
        found += [f"SECURITY.md:{number}: {problem}" for problem in problems]
    return found


def missing_paths() -> list[str]:
    """Files and folders that ARCHITECTURE.md and CONTRIBUTING.md name and that do not exist. A path is given from the
    root, or begins with the name of a crate: `gateway/submit.rs`. A name without a folder in a row of a table belongs
    to the path before it."""
    problems = []
    for document in ("ARCHITECTURE.md", "CONTRIBUTING.md"):
        for line in (ROOT / document).read_text(encoding="utf-8").splitlines():
            folder = None
            for path in re.findall(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:rs|ts|tsx))`", line):
                if "TARGET" in path or path.startswith("target/"):
                    continue
                if "/" in path:
                    place = place_of(path)
                    folder = place if place is None or place.is_dir() else place.parent
                elif not line.startswith("|") or folder is None:
                    continue
                else:
                    place = folder / path
                if place is None or not place.exists():
                    problems.append(f"{document}: {path} does not exist")
    return problems


def place_of(path: str) -> Path | None:
    crate, _, rest = path.partition("/")
    below = ROOT / "crates" / crate / "src" / rest
    of_server = ROOT / "crates/server/src" / path
    places = (ROOT / path, below, of_server, ROOT / "crates" / crate / rest)
    return next((place for place in places if place.exists()), None)


def main() -> int:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )
    files = [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).exists()]
    problems = [problem for file in files for problem in problems_of(file)]
    problems += unlisted_pages() + untested_promises() + missing_paths()
    print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
