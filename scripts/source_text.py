"""Splits source files into code, comments and string literals, for the checks in this folder."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

RUST_TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<string>\b(?:br|cr|r)(?P<hashes>\#*)".*?"(?P=hashes)
        |(?:\b[bc])?"(?:\\.|[^"\\])*")
    | (?P<char>(?:\bb)?'(?:\\(?:x[0-9a-fA-F]{2}|u\{[^}]*\}|.)|[^\\'\n])')
    """,
    re.VERBOSE | re.DOTALL,
)

# A template literal is one string, whatever it interpolates. A regular expression that holds a quote
# is recognized where an expression can begin, so that the quote does not open a string.
TYPESCRIPT_TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<regex>(?<=[(,=:\[!&|?{};\n])\s*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)
    | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
    """,
    re.VERBOSE | re.DOTALL,
)

NOT_NEWLINE = re.compile(r"[^\n]")


def tracked_files(root=ROOT):
    """Returns the paths, relative to `root`, of the files that Git tracks or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True,
    ).stdout
    return sorted(path for path in set(listed.split("\0")) if path and (root / path).is_file())


def blank(text):
    """Replaces all but line breaks with spaces, so that line numbers and offsets stay the same."""
    return NOT_NEWLINE.sub(" ", text)


def rust_code(text, keep_strings=False):
    """Returns Rust source with its comments, and unless kept its literals, replaced by spaces."""
    def replace(match):
        if match.lastgroup is None or (keep_strings and match["comment"] is None):
            return match[0]
        if match["string"] is not None:
            # The quotes stay: an attribute such as `#[path = "x"]` keeps its form.
            return '"' + blank(match[0][1:-1]) + '"' if len(match[0]) > 1 else match[0]
        return blank(match[0])
    return RUST_TOKEN.sub(replace, text)


def comments_and_strings(text, token):
    """Yields `(offset, text)` of each comment and string literal; whole comment blocks are joined."""
    block_start, block_end, block = None, None, []
    for match in token.finditer(text):
        if match["comment"] is not None:
            gap = text[block_end:match.start()] if block else ""
            if block and (gap.strip() or gap.count("\n") > 1):
                yield block_start, "".join(block)
                block = []
            if not block:
                block_start = match.start()
            else:
                block.append(gap)
            block.append(match[0])
            block_end = match.end()
        elif match["string"] is not None:
            yield match.start(), match[0]
    if block:
        yield block_start, "".join(block)
