#!/usr/bin/env python3
"""Fails on circles between source files, on dependencies that nothing uses and on tests in unusual places.

- Rust: no circle between the files of a crate. An arrow goes from the file that names an item to the
  file that declares it; re-exports are followed, and `#[cfg(test)]` code is left out.
- Rust: no crate with more lines than `CRATE_LINES_MAX`.
- Cargo: no dependency of a workspace member that its code does not name.
- ARCHITECTURE.md: its table of crates names exactly the crates that each one imports.
- Tests: inline, in a file `tests.rs` of their module, or in `tests/it/`, one program for each member.
- Cargo: a library or program has `test = false` if it has no tests, and only then.
- TypeScript: no circle between the dashboard's files, and none between its feature folders.

usage: scripts/check-structure.py [--self-test]
"""

import json
import re
import sys
import tempfile
import tomllib
from pathlib import Path

from source_text import ROOT, TYPESCRIPT_TOKEN, blank, rust_code

# Paths whose circles are reported but do not fail the check, with the reason.
KNOWN_CIRCLES = {}

# Dependencies that no code names, with the reason: `(member, dependency)`.
UNNAMED_DEPENDENCIES = {
    ("crates/testkit", "data-encoding"): "gives builds of the workspace the features of its tests",
    ("crates/testkit", "regex-syntax"): "gives builds of the workspace the features of its tests",
}

# The most lines of a crate, tests excluded. The engine has a lower limit: every request passes it, so
# everyone reads it.
CRATE_LINES_MAX = 12_000
LINES_MAX = {"crates/gateway": 7_000}

IDENTIFIER = r"(?:r#)?[A-Za-z_]\w*"
USE = re.compile(r"(?<![\w.])(pub\s*(?:\([^)]*\))?\s+)?use\s+([^;]+);")
PATH = re.compile(rf"(?<![\w:.])({IDENTIFIER}(?:\s*::\s*{IDENTIFIER})+)")
ITEM = re.compile(
    rf"(?<![\w.])(?:(?:struct|enum|trait|type|union|fn|const|static)\s+(?:mut\s+)?|macro_rules!\s*)"
    rf"({IDENTIFIER})"
)
MODULE = re.compile(
    rf'(?P<attributes>(?:#\[[^\]]*\]\s*)*)(?:pub\s*(?:\([^)]*\))?\s+)?\bmod\s+(?P<name>{IDENTIFIER})\s*'
    r"(?P<end>[;{])"
)
TEST_ONLY = re.compile(r"#!?\[cfg\((?:test|all\(test\b[^\]]*)\)\]")
PATH_ATTRIBUTE = re.compile(r'#\[path\s*=\s*"([^"]+)"\]')
TEST_CODE = re.compile(r"^#\[(?:tokio::)?test\b", re.MULTILINE)
INLINE_TEST = re.compile(r"^\s*#\[(?:tokio::)?test\b", re.MULTILINE)
BRACE = re.compile(r"[{}]")


# --- Rust source -------------------------------------------------------------------------------


def matching_brace(code, opening):
    """Returns the offset after the brace that closes the one at `opening`."""
    depth = 0
    for match in BRACE.finditer(code, opening):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.end()
    return len(code)


def item_end(code, start):
    """Returns the offset after the item, field or arm that begins at `start`."""
    is_use = re.compile(r"\s*(?:pub\s*(?:\([^)]*\))?\s+)?use\b").match(code, start)
    depth = 0
    for match in re.compile(r"[{}()\[\],;]").finditer(code, start):
        character = match[0]
        if character in "([" or (character == "{" and is_use):
            depth += 1
        elif character in ")]" or (character == "}" and is_use):
            depth -= 1
            if depth < 0:
                return match.start()
        elif depth == 0 and character == "{":
            return matching_brace(code, match.start())
        elif depth == 0 and character == "}":
            return match.start()
        elif depth == 0 and character == ";":
            return match.end()
        elif depth == 0 and character == "," and not re.match(
            r"\s*(?:#\[[^\]]*\]\s*)*(?:pub\b|fn\b|impl\b|struct\b|enum\b|async\b)", code[start:start + 200]
        ):
            return match.end()
    return len(code)


def test_spans(code):
    """Yields the begin and the end of each item under `#[cfg(test)]`."""
    position = 0
    while match := TEST_ONLY.search(code, position):
        if match[0].startswith("#!"):
            yield 0, len(code)
            return
        start = match.end()
        while attribute := re.compile(r"\s*#\[").match(code, start):
            start = code.index("]", attribute.end()) + 1
        position = item_end(code, start)
        yield match.start(), position


def without_tests(code):
    """Returns the code with each item under `#[cfg(test)]` replaced by spaces."""
    for begin, end in test_spans(code):
        code = code[:begin] + blank(code[begin:end]) + code[end:]
    return code


def top_level(code):
    """Returns the code outside all braces."""
    parts, depth, start = [], 0, 0
    for match in BRACE.finditer(code):
        if match[0] == "{":
            if depth == 0:
                parts.append(code[start:match.start()])
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                start = match.end()
    if depth == 0:
        parts.append(code[start:])
    return " ; ".join(parts)


def expand_use(tree, prefix=()):
    """Yields `(path, name)` for each import of a use tree; the name of a glob is `*`."""
    tree = tree.strip()
    if tree.startswith("{"):
        depth, start, inner = 0, 0, tree[1:-1]
        for offset, character in enumerate(inner):
            if character == "{":
                depth += 1
            elif character == "}":
                depth -= 1
            elif character == "," and depth == 0:
                yield from expand_use(inner[start:offset], prefix)
                start = offset + 1
        if inner[start:].strip():
            yield from expand_use(inner[start:], prefix)
        return
    head = re.match(rf"(?:::)?\s*({IDENTIFIER}|\*)\s*(::)?", tree)
    if head is None:
        return
    if tree.startswith("::"):
        prefix = ("::",)
    name, rest = head[1], tree[head.end():]
    if head[2]:
        yield from expand_use(rest, (*prefix, name))
        return
    alias = re.match(rf"\s*as\s+({IDENTIFIER})", rest)
    if name == "*":
        yield prefix, "*"
    elif name == "self" and prefix:
        yield prefix, alias[1] if alias else prefix[-1]
    else:
        yield (*prefix, name), alias[1] if alias else name


class Module:
    """A module: where it is, what it declares, imports and names."""

    def __init__(self, file, parent, code, folder, originals):
        self.file, self.parent = file, parent
        self.children, self.imports, self.globs, self.uses = {}, {}, [], []
        code = self.take_children(code, folder, originals)

        def take_use(match):
            for path, name in expand_use(match[2]):
                self.uses.append((path, name, match[1] is not None))
                if name == "*":
                    self.globs.append(path)
                elif name != "_":
                    self.imports.setdefault(name, []).append(path)
            return blank(match[0])

        self.code = USE.sub(take_use, code)
        self.items = set(ITEM.findall(top_level(self.code)))

    def take_children(self, code, folder, originals):
        position, kept = 0, []
        while match := MODULE.search(code, position):
            kept.append(code[position:match.start()])
            name, position = match["name"], match.end()
            if match["end"] == "{":
                position = matching_brace(code, match.end() - 1)
                body = code[match.end():position - 1]
                self.children[name] = Module(self.file, self, body, folder / name, originals)
                continue
            file, child_folder = folder / f"{name}.rs", folder / name
            # The value of the attribute is blank in the code, so it is read from the original text.
            attribute = PATH_ATTRIBUTE.search(originals[self.file][match.start():match.end()])
            if attribute:
                file = self.file.parent / attribute[1]
            elif not file.exists():
                file = folder / name / "mod.rs"
            if file.exists():
                self.children[name] = read_module(file, self, child_folder, originals)
        kept.append(code[position:])
        return "".join(kept)

    def root(self):
        return self if self.parent is None else self.parent.root()

    def find(self, name, seen):
        """Returns what a name means here: modules, and `(file, item)` pairs."""
        modules, items = set(), set()
        if name in self.children:
            modules.add(self.children[name])
        if name in self.items:
            items.add((self.file, name))
        # An import may lead to itself, or to a module of the same name: `use sign::sign`.
        if (id(self), name) in seen:
            return modules, items
        seen = seen | {(id(self), name)}
        for path in self.imports.get(name, ()):
            found = self.resolve(path, seen)
            modules |= found[0]
            items |= found[1]
        if not modules and not items:
            for path in self.globs:
                for module in self.resolve(path, seen)[0]:
                    found = module.find(name, seen)
                    modules |= found[0]
                    items |= found[1]
        return modules, items

    def resolve(self, path, seen=frozenset()):
        """Returns what a path that is written here leads to; nothing if it leaves the crate."""
        first, rest = path[0], path[1:]
        if first in ("crate", "$crate"):
            modules = {self.root()}
        elif first == "self":
            modules = {self}
        elif first == "super":
            modules = {self.parent or self}
        else:
            modules, items = self.find(first, seen)
            if not rest or not modules:
                return (modules, items) if not rest else (set(), items)
        while rest:
            name, rest = rest[0], rest[1:]
            if name == "super":
                modules = {module.parent or module for module in modules}
                continue
            next_modules, items = set(), set()
            for module in modules:
                found = module.find(name, seen)
                next_modules |= found[0]
                items |= found[1]
            if not next_modules and not items:
                # A macro declares it: it belongs to the file of its module.
                return set(), {(module.file, name) for module in modules}
            if not next_modules or not rest:
                return next_modules, items
            modules = next_modules
        return modules, set()

    def all(self):
        yield self
        for child in self.children.values():
            yield from child.all()


def read_module(file, parent, folder, originals):
    text = file.read_text()
    originals[file] = text
    return Module(file, parent, without_tests(rust_code(text)), folder, originals)


def module_arrows(module):
    """Yields `(file, item)` for each item that a module names."""
    for path, name, is_public in module.uses:
        if name == "*":
            for target in module.resolve(path)[0]:
                for word in set(re.findall(IDENTIFIER, module.code)) & (target.items | set(target.imports)):
                    yield from target.find(word, frozenset())[1]
        # A re-export is an arrow only if the module's own code uses the name.
        elif not is_public or re.search(rf"(?<![\w.]){re.escape(name)}\b", module.code):
            yield from module.resolve(path)[1]
    for path in set(PATH.findall(module.code)):
        yield from module.resolve(tuple(re.split(r"\s*::\s*", path)))[1]


def crate_arrows(root_file):
    """Returns the arrows between the files of a crate: `{file: {file: {item}}}`."""
    arrows, originals = {}, {}
    for module in read_module(root_file, None, root_file.parent, originals).all():
        own = arrows.setdefault(module.file, {})
        for file, item in module_arrows(module):
            if file != module.file:
                own.setdefault(file, set()).add(item)
    return arrows


def target_paths(member, *kinds):
    """Returns the root files that a member's manifest names for targets of these kinds."""
    manifest = tomllib.loads((member / "Cargo.toml").read_text())
    return [member / target["path"] for kind in kinds for target in manifest.get(kind, ()) if "path" in target]


def crate_roots(member):
    """Returns the root files of a member's library, binaries and test programs."""
    roots = [member / "src/lib.rs", member / "src/main.rs"]
    for pattern in ("src/bin/*.rs", "src/bin/*/main.rs", "tests/*.rs", "tests/*/main.rs"):
        roots += sorted(member.glob(pattern))
    roots += [path for path in target_paths(member, "test") if path not in roots]
    return [root for root in roots if root.exists()]


def members(root):
    """Returns the folders of the workspace's members."""
    patterns = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["members"]
    return sorted(folder for pattern in patterns for folder in root.glob(pattern)
                  if (folder / "Cargo.toml").exists())


# --- Circles -----------------------------------------------------------------------------------


def circles(arrows):
    """Returns the groups of nodes that can all reach one another (Tarjan's algorithm)."""
    index, low, stack, on_stack, groups = {}, {}, [], set(), []
    for start in sorted(arrows):
        if start in index:
            continue
        work = [(start, iter(sorted(arrows[start])))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, following = work[-1]
            for target in following:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(sorted(arrows.get(target, ())))))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = []
                    while not group or group[-1] != node:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    if len(group) > 1:
                        groups.append(sorted(group))
    return groups


def describe(kind, group, arrows, name):
    lines = [f"{kind}: a circle of {len(group)}"]
    for node in group:
        for target in sorted(set(arrows[node]) & set(group)):
            lines.append(f"  {name(node)} -> {name(target)}: {', '.join(sorted(arrows[node][target]))}")
    return "\n".join(lines)


def rust_circles(root):
    for member in members(root):
        for root_file in crate_roots(member):
            arrows = crate_arrows(root_file)
            for group in circles(arrows):
                relative = [file.relative_to(root).as_posix() for file in group]
                yield relative, describe(
                    f"files of {root_file.relative_to(root)}", group, arrows,
                    lambda file: file.relative_to(root).as_posix(),
                )


# --- Size --------------------------------------------------------------------------------------


def production_lines(member):
    """Returns the number of lines in the source of a member, comments included and tests excluded."""
    files = {}
    for name in ("lib.rs", "main.rs"):
        if (member / "src" / name).exists():
            read_module(member / "src" / name, None, member / "src", files)
    lines = 0
    for text in files.values():
        code = rust_code(text)
        lines += text.count("\n") - sum(code[begin:end + 1].count("\n") for begin, end in test_spans(code))
    return lines


def oversized_crates(root):
    """Yields a problem for each crate with more lines than one person keeps in mind."""
    for member in members(root):
        name = member.relative_to(root).as_posix()
        lines, lines_max = production_lines(member), LINES_MAX.get(name, CRATE_LINES_MAX)
        if lines > lines_max:
            yield f"{name}: {lines} lines without tests, but at most {lines_max} are allowed: split it"


# --- Dependencies ------------------------------------------------------------------------------


def code_in(files, keep_tests):
    texts = (rust_code(file.read_text(), keep_strings=True) for file in files)
    return "\n".join(text if keep_tests else without_tests(text) for text in texts)


def unused_dependencies(root):
    """Yields `(member, dependency, problem)`."""
    for member in members(root):
        manifest = tomllib.loads((member / "Cargo.toml").read_text())
        name = member.relative_to(root).as_posix()
        targets = target_paths(member, "bin", "bench", "example")
        product = sorted((member / "src").rglob("*.rs"))
        product += [target for target in targets if target not in product]
        others = [file for folder in ("tests", "benches", "examples")
                  for file in sorted((member / folder).rglob("*.rs"))]
        others += [file for path in target_paths(member, "test") for file in sorted(path.parent.rglob("*.rs"))]
        build = [file for file in [member / "build.rs"] if file.exists()]
        in_product = code_in(product, keep_tests=False)
        in_tests = code_in([*product, *others], keep_tests=True)
        in_build = code_in(build, keep_tests=False)
        tables = [manifest, *manifest.get("target", {}).values()]
        for table in tables:
            for kind, code in (("dependencies", in_product), ("dev-dependencies", in_tests),
                               ("build-dependencies", in_build)):
                for dependency in table.get(kind, {}):
                    word = re.compile(
                        rf"(?<![\w:.]){dependency.replace('-', '_')}(?:\s*::|!|\s*;|\s+as\b)")
                    if word.search(code):
                        continue
                    if kind == "dependencies" and word.search(in_tests):
                        yield name, dependency, "only tests use it: it belongs to [dev-dependencies]"
                    else:
                        yield name, dependency, f"nothing uses it: delete it from [{kind}]"


# --- The table of crates -----------------------------------------------------------------------


def wrong_imports(root):
    """Yields a problem for each row of the table of crates that differs from the crate's Cargo.toml."""
    page = root / "ARCHITECTURE.md"
    text = page.read_text() if page.exists() else ""
    rows = re.findall(r"^\| `((?:crates/)?[\w-]+)/?`.*\| ([^|]*) \|$", text, re.MULTILINE)
    above = set()
    for folder, cell in rows:
        manifest = root / folder / "Cargo.toml"
        if not manifest.exists():
            continue
        tables = tomllib.loads(manifest.read_text())
        imported = {name.removeprefix("gaiterguard-") for kind in ("dependencies", "dev-dependencies")
                    for name in tables.get(kind, {})
                    if name.startswith("gaiterguard-") and (kind == "dependencies" or folder == "tests")}
        named = set(re.findall(r"`([\w-]+)`", cell))
        if cell.startswith("all of the above but"):
            named = above - named
        above.add(folder.removeprefix("crates/"))
        for name in sorted(imported ^ named):
            problem = "is imported" if name in imported else "is not imported"
            yield f"ARCHITECTURE.md: {folder}: {name} {problem}"


# --- Tests -------------------------------------------------------------------------------------


def misplaced_tests(root):
    """Yields a problem for each file of tests that is neither a `tests.rs` nor in `tests/it/`."""
    for member in members(root):
        named = target_paths(member, "test")
        for file in sorted((member / "tests").rglob("*.rs")):
            if (member / "tests/it") not in file.parents:
                yield f"{file.relative_to(root).as_posix()}: integration tests belong in tests/it/"
        for file in sorted((member / "src").rglob("*.rs")):
            is_named = re.search(r"(?:^|_)tests?(?:_|$)", file.stem) and TEST_CODE.search(file.read_text())
            if "tests" in file.relative_to(member).parts or (is_named and file.stem != "tests" and file not in named):
                yield f"{file.relative_to(root).as_posix()}: unit tests belong in their module or its tests.rs"


def wrong_test_programs(root):
    """Yields a problem for each library and program without tests whose test program cargo would compile anyway, and
    for each one with tests whose test program it would not."""
    for member in members(root):
        manifest = tomllib.loads((member / "Cargo.toml").read_text())
        sources = set((member / "src").rglob("*.rs"))
        bins = sorted((member / "src/bin").glob("*.rs"))
        targets = [(f"[[bin]] {file.stem}", {file}, next(
            (table for table in manifest.get("bin", []) if table["name"] == file.stem), {})) for file in bins]
        main = member / "src/main.rs"
        if (member / "src/lib.rs") in sources:
            targets.append(("[lib]", sources - set(bins) - {main}, manifest.get("lib", {})))
        elif main in sources:
            targets.append(("[[bin]]", sources - set(bins), next(iter(manifest.get("bin", [])), {})))
        for name, files, table in targets:
            has_tests = any(INLINE_TEST.search(file.read_text()) for file in files)
            place = f"{member.relative_to(root).as_posix()}/Cargo.toml: {name}"
            if has_tests and not table.get("test", True):
                yield f"{place}: its tests would not run: remove `test = false`"
            elif not has_tests and table.get("test", True):
                yield f"{place}: it has no tests: add `test = false`, or cargo compiles it once more for them"


# --- TypeScript --------------------------------------------------------------------------------


IMPORT = re.compile(
    r"""(?:\b(?:import|export)\s+(?:type\s+)?(?P<names>[\w*{}\s,$]+?)\s+from\s*|\bimport\s*\(?\s*)"""
    r"""["'](?P<path>[^"']+)["']"""
)
TEST_FILE = re.compile(r"\.test\.tsx?$")


def typescript_arrows(source, generated=("client/", "routeTree.gen.ts")):
    files = {file for pattern in ("**/*.ts", "**/*.tsx") for file in source.glob(pattern)
             if not TEST_FILE.search(file.name)
             and not file.relative_to(source).as_posix().startswith(generated)}
    arrows = {}
    for file in files:
        own = arrows.setdefault(file, {})
        text = TYPESCRIPT_TOKEN.sub(
            lambda match: match[0] if match["comment"] is None else blank(match[0]), file.read_text())
        for match in IMPORT.finditer(text):
            path = match["path"]
            if path.startswith("."):
                base = (file.parent / path).resolve()
            elif path.startswith("#/"):  # `paths` in dashboard/tsconfig.json
                base = source / path[2:]
            else:
                continue
            for candidate in (base, *(base.with_name(base.name + suffix) for suffix in (".ts", ".tsx")),
                              base / "index.ts", base / "index.tsx"):
                if candidate in files and candidate != file:
                    names = re.sub(r"[{}\s]+", " ", match["names"] or "*").strip(" ,")
                    own.setdefault(candidate, set()).add(names)
    return arrows


def typescript_circles(root):
    source = (root / "dashboard/src").resolve()
    if not source.exists():
        return
    arrows = typescript_arrows(source)
    for group in circles(arrows):
        yield ([file.relative_to(root).as_posix() for file in group],
               describe("files of dashboard/src", group, arrows,
                        lambda file: file.relative_to(root).as_posix()))
    folders = {}
    for file, targets in arrows.items():
        folder = file.relative_to(source).parts[0]
        own = folders.setdefault(folder, {})
        for target in targets:
            other = target.relative_to(source).parts[0]
            if other != folder:
                own.setdefault(other, set()).add(
                    f"{file.relative_to(source)} imports {target.relative_to(source)}")
    for group in circles(folders):
        yield ([f"dashboard/src/{folder}" for folder in group],
               describe("feature folders of dashboard/src", group, folders, str))


# --- The check and its own test ----------------------------------------------------------------


def check(root, known, unnamed):
    """Returns the problems of a tree, as texts."""
    problems, met = [], set()
    for files, text in [*rust_circles(root), *typescript_circles(root)]:
        covering = {prefix for prefix in known if all(file.startswith(prefix) for file in files)}
        met |= covering
        if not covering:
            problems.append(text)
    problems += misplaced_tests(root)
    problems += wrong_test_programs(root)
    problems += oversized_crates(root)
    problems += wrong_imports(root)
    problems += [f"{prefix} has no circle: remove it from KNOWN_CIRCLES"
                 for prefix in known if prefix not in met]
    unused = list(unused_dependencies(root))
    problems += [f"{member}/Cargo.toml: {dependency}: {problem}"
                 for member, dependency, problem in unused if (member, dependency) not in unnamed]
    problems += [f"{member}/Cargo.toml: {dependency} is used: remove it from UNNAMED_DEPENDENCIES"
                 for member, dependency in unnamed
                 if (member, dependency) not in {entry[:2] for entry in unused}]
    return problems


SELF_TESTS = [
    ("two files that import each other", {
        "a/src/lib.rs": "mod x; mod y;",
        "a/src/x.rs": "use crate::y::Y; pub struct X(Y);",
        "a/src/y.rs": "use super::x::X; pub struct Y(Box<X>);",
    }, ["a/src/x.rs -> a/src/y.rs: Y", "a/src/y.rs -> a/src/x.rs: X"]),
    ("a path in an expression", {
        "a/src/lib.rs": "mod x; mod y;",
        "a/src/x.rs": "pub fn x() { crate::y::y() }",
        "a/src/y.rs": "pub fn y() { if false { crate::x::x() } }",
    }, ["a/src/x.rs -> a/src/y.rs: y"]),
    ("a child that uses what its module file declares and calls", {
        "a/src/lib.rs": "mod parent;",
        "a/src/parent/mod.rs": "mod child; pub const LIMIT: u8 = 1; pub fn run() { child::go() }",
        "a/src/parent/child.rs": "use super::LIMIT; pub fn go() { let _ = LIMIT; }",
    }, ["a/src/parent/child.rs -> a/src/parent/mod.rs: LIMIT"]),
    ("a circle through a re-export and an imported module", {
        "a/src/lib.rs": "mod p; mod q; pub use p::X;",
        "a/src/p.rs": "use crate::q; pub struct X; fn f() { q::g() }",
        "a/src/q.rs": "use crate::X; pub fn g() { let _ = X; }",
    }, ["a/src/p.rs -> a/src/q.rs: g", "a/src/q.rs -> a/src/p.rs: X"]),
    ("a re-export with the name of its module", {
        "a/src/lib.rs": "mod p; mod q;",
        "a/src/p.rs": "use crate::q; pub struct X; fn f() { q::sign() }",
        "a/src/q/mod.rs": "mod sign; pub use sign::sign;",
        "a/src/q/sign.rs": "use crate::p::X; pub fn sign() { let _ = X; }",
    }, ["a/src/p.rs -> a/src/q/sign.rs: sign"]),
    ("a glob import", {
        "a/src/lib.rs": "mod p; mod q;",
        "a/src/p.rs": "use crate::q::*; pub struct X; fn f() { g() }",
        "a/src/q.rs": "use crate::p::X; pub fn g() { let _ = X; }",
    }, ["a/src/p.rs -> a/src/q.rs: g"]),
    ("no circle: a module file that only re-exports, tests, comments and strings", {
        "a/src/lib.rs": "mod p;",
        "a/src/p/mod.rs": "mod q; mod r; pub use q::Q; pub use r::R;",
        "a/src/p/q.rs": "use super::R; pub struct Q(R); // crate::p::x\n"
                        "#[cfg(test)] mod tests { use super::*; }",
        "a/src/p/r.rs": "pub struct R; const S: &str = \"crate::p::Q\"; #[cfg(test)] use super::Q;\n"
                        "#[cfg(test)] mod tests { use super::super::Q; }",
    }, []),
    ("tests next to their module, in a folder of their own and in a program of their own", {
        "a/src/lib.rs": "#[cfg(test)] mod tests; mod x; #[cfg(test)] mod x_tests;",
        "a/src/x.rs": "",
        "a/src/x_tests.rs": "#[test]\nfn works() {}",
        "a/src/tests/mod.rs": "",
        "a/tests/flat.rs": "",
        "a/tests/it/main.rs": "mod fine;",
        "a/tests/it/fine.rs": "",
    }, ["a/src/x_tests.rs: unit tests", "a/src/tests/mod.rs: unit tests", "a/tests/flat.rs: integration tests"]),
    ("a library and a program without tests, and tests that would not run", {
        "a/Cargo.toml": '[package]\nname = "a"\n',
        "a/src/lib.rs": "",
        "a/src/bin/program.rs": "fn main() {}",
        "b/Cargo.toml": '[package]\nname = "b"\n[lib]\ntest = false\n',
        "b/src/lib.rs": "#[cfg(test)]\nmod tests {\n    #[test]\n    fn works() {}\n}\n",
        "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\n',
    }, ["a/Cargo.toml: [lib]: it has no tests", "a/Cargo.toml: [[bin]] program: it has no tests",
        "b/Cargo.toml: [lib]: its tests would not run"]),
    ("a crate that is too long without its tests", {
        "a/src/lib.rs": "fn f() {}\n" * 12_001 + "#[cfg(test)]\nmod tests {\n" + "fn g() {}\n" * 9 + "}\n",
    }, ["a: 12001 lines without tests"]),
    ("a dependency that nothing uses", {
        "a/Cargo.toml": '[package]\nname = "a"\n[dependencies]\nused-crate = "1"\nunused-crate = "1"\n',
        "a/src/lib.rs": "use used_crate::Thing; // unused_crate::Thing",
    }, ["unused-crate: nothing uses it"]),
    ("a table of crates that differs from their dependencies", {
        "a/Cargo.toml": '[package]\nname = "a"\n[dependencies]\ngaiterguard-b = "1"\n',
        "a/src/lib.rs": "use gaiterguard_b::Thing;",
        "ARCHITECTURE.md": "| `a` | text | nothing | `c` |\n| `b/` | text | nothing | nothing |\n",
    }, ["a: b is imported", "a: c is not imported"]),
    ("a dependency that only tests use", {
        "a/Cargo.toml": '[package]\nname = "a"\n[dependencies]\nserde = "1"\n[dev-dependencies]\nspare = "1"\n',
        "a/src/lib.rs": "#[cfg(test)] mod tests { use serde::Serialize; }",
    }, ["serde: only tests use it", "spare: nothing uses it"]),
    ("two TypeScript files that import each other", {
        "dashboard/src/one/a.ts": 'import { b } from "./b";\nexport const a = () => b();',
        "dashboard/src/one/b.ts": 'import type { A } from "./a.ts";\nexport const b = 1;',
    }, ["dashboard/src/one/a.ts -> dashboard/src/one/b.ts: b"]),
    ("two feature folders that import each other", {
        "dashboard/src/one/a.ts": 'import { b } from "../two/b";',
        "dashboard/src/one/c.ts": 'export const c = 1;',
        "dashboard/src/two/b.ts": 'export const b = 1;',
        "dashboard/src/two/d.tsx": 'export { c } from "#/one/c"; // import "../one/a"',
    }, ["one -> two: one/a.ts imports two/b.ts", "two -> one: two/d.tsx imports one/c.ts"]),
    ("no circle: the generated client and tests", {
        "dashboard/src/one/a.ts": 'import { x } from "../client/x";',
        "dashboard/src/one/a.test.ts": 'import { a } from "./a"; import { b } from "../two/b";',
        "dashboard/src/client/x.ts": 'import { a } from "../one/a";',
        "dashboard/src/two/b.ts": 'import { a } from "../one/a";',
    }, []),
]


def self_test():
    for title, files, expected in SELF_TESTS:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            for path, text in {"Cargo.toml": '[workspace]\nmembers = ["a"]\n',
                               "a/Cargo.toml": '[package]\nname = "a"\n[lib]\ntest = false\n', **files}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            found = "\n".join(check(root, {}, {}))
            for line in expected:
                assert line in found, f"{title}: {line!r} is not in {found!r}"
            assert expected or not found, f"{title}: {found}"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "Cargo.toml").write_text('[workspace]\nmembers = []\n')
        found = check(root, {"gone": "reason"}, {("gone", "x"): "reason"})
        assert len(found) == 2, f"stale exceptions: {found}"


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    problems = check(ROOT, KNOWN_CIRCLES, UNNAMED_DEPENDENCIES)
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
