#!/usr/bin/env python3
"""Fails on words that this project does not use, in comments, texts, names and documents.

- discouraged-words.txt lists the words and what to write instead.
- words-allowed.txt lists the rare legitimate uses.
- words-excluded.txt lists the paths that are not checked yet; an entry that is no longer needed fails.

usage: scripts/check-words.py [--count | --self-test | PATH...]
    --count      print how many hits there are in each folder, excluded or not
    PATH         check these files or folders, excluded or not
"""

import re
import sys
from collections import Counter
from pathlib import Path

from source_text import ROOT, RUST_TOKEN, TYPESCRIPT_TOKEN, blank, comments_and_strings, tracked_files

HERE = Path(__file__).resolve().parent

# Generated files, data, words lists themselves, and migrations, which a checksum makes unchangeable.
NOT_PROSE = re.compile(
    r"(?:^|/)(?:Cargo\.lock|package-lock\.json|openapi\.yaml|routeTree\.gen\.ts)$"
    r"|^dashboard/src/client/|/tests/data/|/migrations/|^fuzz/corpus/|\.jsonl$"
    r"|^scripts/(?:discouraged-words|words-allowed|words-excluded)\.txt$|^scripts/check-words\.py$"
)

HASH_TOKEN = re.compile(
    r"""(?P<comment>(?<![\w$&'"{])\#[^\n]*)|(?P<string>\"\"\".*?\"\"\"|"(?:\\.|[^"\\\n])*"|'[^'\n]*')""",
    re.DOTALL,
)
OPENAPI_TEXT = re.compile(r'"(?:description|summary|title)":\s*"((?:\\.|[^"\\])*)"')
COMMENT_MARK = re.compile(r"^[ \t]*(?:///?|//!|/\*\*?|\*/?|\#+)", re.MULTILINE)
INLINE_CODE = re.compile(r"`[^`\n]*(?:\n[^`\n]*)?`")
FENCED_CODE = re.compile(r"^ *(```+|~~~+).*?^ *\1", re.MULTILINE | re.DOTALL)
# A string such as "stored_answer" or "audit.answered" is an identifier of the API or of the database.
IDENTIFIER_STRING = re.compile(r"""^\W*[a-z0-9_.:/\-{}%=?&]*\W*$""")
RUST_NAME = re.compile(
    r"\b(?:fn|struct|enum|trait|type|mod|const|static|macro_rules!)\s+([A-Za-z_]\w*)")
TYPESCRIPT_NAME = re.compile(r"\b(?:function|const|let|type|interface|class|enum)\s+([A-Za-z_]\w*)")
# In a pattern: not a space of a lookbehind or of a character class.
BETWEEN_WORDS = re.compile(r"(?<=[\w)?]) (?=[\w(])")
ANY_SPACE = r"\\s+"
CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def read_list(name):
    """Yields the lines of a list, split at tabs, without comments and empty lines."""
    path = HERE / name
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.strip() and not line.startswith("#"):
            yield [part.strip() for part in line.split("\t") if part.strip()]


class Words:
    """The discouraged words, as one regular expression."""

    def __init__(self, entries):
        entries = list(entries)
        self.instead = [entry[1] for entry in entries]
        parts = (f"(?P<w{number}>{BETWEEN_WORDS.sub(ANY_SPACE, entry[0])})"
                 for number, entry in enumerate(entries))
        self.pattern = re.compile("|".join(parts), re.IGNORECASE)

    def find(self, text):
        for match in self.pattern.finditer(text):
            yield match, self.instead[int(match.lastgroup[1:])]


def prose(text):
    """Returns text with its comment marks and inline code replaced by spaces."""
    text = COMMENT_MARK.sub(lambda mark: blank(mark[0]), text)
    return INLINE_CODE.sub(lambda code: "`" + blank(code[0][1:-1]) + "`", text)


def pieces(path, text):
    """Yields `(offset, kind, text)` of what people read in a file."""
    suffix = Path(path).suffix
    if suffix in (".rs", ".ts", ".tsx", ".mjs", ".js", ".css"):
        token = RUST_TOKEN if suffix == ".rs" else TYPESCRIPT_TOKEN
        for offset, piece in comments_and_strings(text, token):
            if piece.startswith("/"):
                yield offset, "comment", prose(piece)
            elif not IDENTIFIER_STRING.match(piece):
                yield offset, "string", prose(" " + piece[1:-1].replace("\\\n", " \n") + " ")
        code = token.sub(lambda match: blank(match[0]), text)
        for match in (RUST_NAME if suffix == ".rs" else TYPESCRIPT_NAME).finditer(code):
            yield match.start(1), "name", CAMEL_CASE.sub(" ", match[1]).replace("_", " ")
        if suffix == ".tsx":
            # Text between tags is displayed as it is.
            for match in re.finditer(r">([^<>{}=;()]*[A-Za-z][^<>{}=;()]*)<", code):
                yield match.start(1), "string", match[1]
    elif suffix == ".md":
        text = FENCED_CODE.sub(lambda code: blank(code[0]), text)
        yield 0, "document", INLINE_CODE.sub(lambda code: "`" + blank(code[0][1:-1]) + "`", text)
    elif Path(path).name == "openapi.json":
        for match in OPENAPI_TEXT.finditer(text):
            yield match.start(1), "document", prose(match[1].replace("\\n", " \n"))
    elif suffix in (".sh", ".py", ".toml", ".yml", ".yaml") or Path(path).name in (
            "Makefile", "Dockerfile", ".env.example"):
        for match in HASH_TOKEN.finditer(text):
            if match["comment"] or not IDENTIFIER_STRING.match(match[0]):
                yield match.start(), "comment" if match["comment"] else "string", prose(match[0])
    elif suffix == ".txt" or suffix == ".html":
        yield 0, "document", prose(text)
    stem = re.sub(r"[-_./]", " ", CAMEL_CASE.sub(" ", path))
    yield 0, "name", stem


def hits(path, text, words, allowed):
    """Yields `(line, word, instead)` for each discouraged word of a file."""
    lines = None
    for offset, kind, piece in pieces(path, text):
        for match, instead in words.find(piece):
            if lines is None:
                lines = text.splitlines()
            position = offset + (match.start() + len(match[0]) - len(match[0].lstrip()) if kind != "name" else 0)
            number = text.count("\n", 0, position) + 1
            line = lines[number - 1] if number <= len(lines) else ""
            if any(phrase == f"all {kind}s" or phrase.lower() in f"{line} {match[0]}".lower()
                   for phrase in allowed):
                continue
            yield number, " ".join(match[0].strip(" \n\t./*#!?:`\"'").split()), instead


def covers(prefix, path):
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")


def folder_of(path):
    """Returns the folder that a file is counted in."""
    parts = path.split("/")
    depth = 3 if parts[0] in ("crates", "dashboard", "tests") else 1
    return "/".join(parts[:-1][:depth]) or path


def check(root, paths, words, allowed, excluded, only=()):
    """Returns the problems, how many hits each excluded path has, and how many each folder has."""
    problems, met, folders = [], Counter(), Counter()
    for path in paths:
        if NOT_PROSE.search(path) or (only and not any(covers(prefix, path) for prefix in only)):
            continue
        try:
            text = (root / path).read_text()
        except UnicodeDecodeError:
            continue
        mine = [entry for entry in allowed if covers(entry[0], path)]
        found = list(hits(path, text, words, [entry[1] for entry in mine]))
        parts = path.split("/")
        folders[folder_of(path)] += len(found)
        covering = [prefix for prefix in excluded if covers(prefix, path)]
        for prefix in covering:
            met[prefix] += len(found)
        if not covering or only:
            problems += [f'{path}:{line}: "{word}": write instead: {instead}' for line, word, instead in found]
    return problems, met, folders


SELF_TESTS = [
    ("a.rs", "/// Whoever calls.\nfn f() {}", ["1:whoever"]),
    ("a.rs", "// It is put, all\n// the same, here.", ["1:all the same"]),
    ("a.rs", 'fn f() { g("the address is none"); }', ["1:is none"]),
    ("a.rs", "fn where_it_stands() {}", ["1:stands"]),
    ("a.rs", "/// Reads.\n///\n/// What comes first is kept.\nfn f() {}", ["3:what"]),
    ("a.rs", '// There is no `deed`; it is no longer `told`.\nconst A: &str = "answered";', []),
    ("a.rs", 'const A: char = \'"\'; // plain\nconst B: &str = "stands for";', []),
    ("a.rs", 'const A: &str = r#"a "deed" done"#;', ["1:deed"]),
    ("a.tsx", 'const a = /["\']/; // anew\nconst b = <p>Tell me</p>;', ["1:anew", "2:tell"]),
    ("a.ts", "const reply = `it goes on`;", ["1:goes on"]),
    ("a.md", "Beside it.\n\n```\nbeside\n```\n`beside`\n", ["1:beside"]),
    ("openapi.json", '{"summary": "How it stands", "name": "it stands"}', ["1:stands"]),
    ("a.sh", "# shall\necho 'at all events'", ["1:shall", "2:at all"]),
    ("deed.rs", "", ["1:deed"]),
    ("a.rs", "// allowed: the moral weighing", []),
]


def self_test():
    words = Words(read_list("discouraged-words.txt"))
    for path, text, expected in SELF_TESTS:
        found = sorted(f"{line}:{word.lower().lstrip('./#*! ')}"
                       for line, word, _ in hits(path, text, words, ["moral weighing"]))
        assert found == sorted(expected), f"{path}: {text!r}: {found} instead of {expected}"


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    words = Words(read_list("discouraged-words.txt"))
    allowed = [entry for entry in read_list("words-allowed.txt")]
    excluded = [entry[0] for entry in read_list("words-excluded.txt")]
    counting = arguments == ["--count"]
    only = [] if counting else [argument.rstrip("/") for argument in arguments]
    problems, met, folders = check(ROOT, tracked_files(), words, allowed, excluded, only)
    if counting:
        for folder, count in sorted(folders.items()):
            if count:
                print(f"{count:6}  {folder}")
        print(f"{sum(folders.values()):6}  in all")
        return
    if not only:
        problems += [f"scripts/words-excluded.txt: {prefix} has no hits: remove it"
                     for prefix in excluded if not met[prefix]]
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
