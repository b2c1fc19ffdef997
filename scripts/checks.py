#!/usr/bin/env python3
"""Checks of the source that need neither a database nor the network; the hooks of .pre-commit-config.yaml.

usage: scripts/checks.py [--fix] xml | text | manifests | translations | pylint
"""

import collections
import re
import subprocess
import sys
import xml.parsers.expat

import crabenv

INDENT = 4
SKIPPED = {"node_modules", "__pycache__", "lib"}
TEXT_SUFFIXES = {"", ".py", ".xml", ".csv", ".md", ".yaml", ".yml", ".js", ".css", ".scss", ".toml", ".conf", ".txt"}
# what a test may do though the product may not
NOT_IN_TESTS = re.compile(r"\((translation-required|dangerous-default-value|invalid-commit|missing-return|eval-used)\)")
CONFLICT = re.compile(r"^(<{7} |>{7} )", re.MULTILINE)


def files(*suffixes):
    """The files of this checkout; what is installed or built below it lies in folders with a dot."""
    found = []
    for folder in crabenv.ROOT.iterdir():
        for path in folder.rglob("*") if folder.is_dir() and not folder.name.startswith(".") else [folder]:
            if path.suffix in suffixes and not SKIPPED & set(path.parts) and path.is_file() and path.name != ".git":
                found.append(path)
    return sorted(found)


def name_of(path):
    return str(path.relative_to(crabenv.ROOT))


def check_xml(fix):
    """Well-formed, and each tag that begins a line stands at four spaces per level."""
    for path in files(".xml"):
        if "i18n" in path.parts or "/static/" in name_of(path):
            continue
        text = path.read_text(encoding="utf-8")
        try:
            moves = _indentation_errors(text)
        except xml.parsers.expat.ExpatError as error:
            yield f"{name_of(path)}: {error}"
            continue
        if not text.startswith("<?xml"):
            yield f"{name_of(path)}:1: no XML declaration"
        if moves and fix:
            path.write_text(_moved(text, moves), encoding="utf-8")
        else:
            yield from (
                f"{name_of(path)}:{line}: indented by {have}, not {want}" for line, (have, want) in moves.items()
            )


def _indentation_errors(text):
    lines, depth, wrong = text.split("\n"), [0], {}
    parser = xml.parsers.expat.ParserCreate()

    def at(level):
        number, column = parser.CurrentLineNumber, parser.CurrentColumnNumber
        before = lines[number - 1].encode()[:column].decode(errors="replace")
        if not before.strip() and before != " " * INDENT * level:
            wrong[number] = (len(before), INDENT * level)

    def start(_name, _attributes):
        at(depth[0])
        depth[0] += 1

    def end(_name):
        depth[0] -= 1
        if lines[parser.CurrentLineNumber - 1][: parser.CurrentColumnNumber + 2].strip() == "</":
            at(depth[0])

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(text.encode(), True)
    return wrong


def _moved(text, moves):
    """Shift each misplaced line, and the lines of its attributes with it."""
    result, shift = [], 0
    for number, line in enumerate(text.split("\n"), 1):
        if number in moves:
            have, want = moves[number]
            shift = want - have
        elif line.lstrip().startswith("<"):
            shift = 0
        blank = len(line) - len(line.lstrip())
        result.append(" " * max(0, blank + shift) + line.lstrip() if line.strip() and shift else line)
    return "\n".join(result)


def check_text(fix):
    """No trailing blanks, one newline at the end, no conflict marks, no path of this checkout."""
    for path in files(*TEXT_SUFFIXES):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            yield f"{name_of(path)}: is not UTF-8"
            continue
        clean = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).rstrip("\n") + "\n" if text.strip() else ""
        if path.suffix == ".csv":
            clean = text
        if clean != text:
            if fix:
                path.write_text(clean, encoding="utf-8")
            else:
                yield f"{name_of(path)}: trailing blanks, or not exactly one newline at the end"
        if CONFLICT.search(text):
            yield f"{name_of(path)}: conflict marks"
        if f"{crabenv.ROOT}/" in text:
            yield f"{name_of(path)}: contains the path of this checkout"


def check_manifests(_fix):
    """What every manifest of ours has; each addon has a readme and its rights; tests have names of their own."""
    for addon in crabenv.our_addons():
        manifest, folder = crabenv.manifest(addon), crabenv.ROOT / "addons" / addon
        for key, value in {"author": "Crab", "license": "AGPL-3"}.items():
            if manifest.get(key) != value:
                yield f"{addon}: {key} is not {value}"
        if not re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", manifest.get("version", "")):
            yield f"{addon}: version is not 19.0.x.y.z"
        if manifest["depends"] != sorted(manifest["depends"]):
            yield f"{addon}: depends is not sorted"
        for name in ("README.md", "i18n/zh_CN.po", "tests/__init__.py"):
            if not (folder / name).exists():
                yield f"{addon}: no {name}"
        for test in (folder / "tests").glob("test_*.py"):
            if not re.search(rf"\b{test.stem}\b", (folder / "tests" / "__init__.py").read_text()):
                yield f"{addon}: tests/__init__.py does not import {test.stem}"
    names = collections.defaultdict(list)
    for test in (crabenv.ROOT / "tests").rglob("test_*.py"):
        names[test.name].append(test.parent.name)
    for name, folders in names.items():
        if len(folders) > 1:  # pytest imports them by name, and runs neither
            yield f"{name}: the same name in {', '.join(sorted(folders))} of tests"


def check_translations(_fix):
    """No empty Chinese text in the files as they are (``scripts/i18n --check`` also knows what is missing in them)."""
    import polib

    for path in sorted((crabenv.ROOT / "addons").glob("*/i18n/zh_CN.po")):
        for entry in polib.pofile(str(path)):
            if not entry.msgstr and not entry.obsolete:
                yield f"{name_of(path)}:{entry.linenum}: untranslated {entry.msgid[:60]!r}"


def check_pylint(_fix):
    """pylint-odoo's mandatory list."""
    addons = [f"addons/{addon}" for addon in crabenv.our_addons()]
    command = [str(crabenv.VENV_PYTHON), "-m", "pylint", "--rcfile=.pylintrc-mandatory", *addons]
    result = subprocess.run(command, cwd=crabenv.ROOT, capture_output=True, text=True, check=False)
    found = [
        line
        for line in result.stdout.splitlines()
        if line and not line.startswith("***") and not ("/tests/" in line and NOT_IN_TESTS.search(line))
    ]
    yield from found
    if result.returncode & 32 or (result.returncode and not result.stdout.strip()):
        yield result.stderr.strip()[-2000:] or f"pylint ended with {result.returncode}"


def main():
    words = [word for word in sys.argv[1:] if word != "--fix"]
    known = {name.removeprefix("check_"): check for name, check in globals().items() if name.startswith("check_")}
    if not words or set(words) - set(known):
        print(__doc__, file=sys.stderr)
        return 2
    crabenv.ensure_environment()
    found = [line for word in words for line in known[word]("--fix" in sys.argv)]
    print("\n".join(found) if found else f"{', '.join(words)}: fine")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
