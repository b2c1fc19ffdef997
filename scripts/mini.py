"""The mini-program's side of this checkout: its libraries, its builds (once per state of the sources), its limits."""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess

import crabenv

FOLDER = crabenv.ROOT / "miniprogram"
BUILD = crabenv.ROOT / ".build" / "miniprogram"
WWW = BUILD / "www"  # holds the page at m/, as the proxy and crab_h5 serve it
TARGETS = ("h5", "mp-weixin")
# bytes: what a browser fetches before the first page stands (gzip), and all that may ever be fetched
FIRST_LOAD, WHOLE = 240_000, 900_000


def missing():
    """What of Node is not on this machine; empty where all is."""
    return [name for name in ("node", "npm") if not shutil.which(name)]


def environment():
    return {**os.environ, "CI": "1"}  # without it uni reports to its maker


def _digest(paths):
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(str(path.relative_to(FOLDER)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def _locked(name, message=None):
    here = hashlib.sha256(str(crabenv.ROOT).encode()).hexdigest()[:8]
    return crabenv.locked(f"{name}-{here}", message)


def run(*command, **options):
    """Run a command in the folder of the mini-program; ``(exit code, what it said)``."""
    done = subprocess.run(
        command,
        cwd=FOLDER,
        env=environment(),
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
    return done.returncode, done.stdout


def install():
    """The libraries of the lock file; kept in .cache, so that another checkout of the same state needs no network."""
    if missing():
        crabenv.die(f"{' and '.join(missing())} must be installed (Node 20 or later)")
    wanted = _digest([FOLDER / "package.json", FOLDER / "package-lock.json"])
    modules, marker = FOLDER / "node_modules", FOLDER / "node_modules" / ".crab-lock"
    with _locked("npm", "another process installs the mini-program's libraries, waiting for it"):
        if marker.exists() and marker.read_text() == wanted:
            return
        kept = crabenv.ROOT / ".cache" / "node" / wanted
        if kept.exists():
            shutil.rmtree(modules, ignore_errors=True)
            _link(kept, modules)
        else:
            crabenv.say("installing the mini-program's libraries (a minute or two, once)")
            code, said = run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            if code:
                crabenv.die(f"{said[-3000:]}\nthe mini-program's libraries could not be installed, see above")
            shutil.rmtree(kept.parent, ignore_errors=True)
            kept.parent.mkdir(parents=True)
            _link(modules, kept)
        marker.write_text(wanted)


def _link(source, target):
    shutil.copytree(source, target, symlinks=True, copy_function=os.link)


def sources():
    """What a build is made of."""
    files = [FOLDER / name for name in ("package-lock.json", "vite.config.ts", "tsconfig.json", "index.html")]
    return files + [path for path in (FOLDER / "src").rglob("*") if path.is_file()]


def state():
    return _digest(sources()) + (os.environ.get("VITE_API_BASE") or "")


def is_built(target):
    marker = BUILD / f"{target}.state"
    return marker.exists() and marker.read_text() == state()


def build(target):
    """Build for ``h5`` or ``mp-weixin`` unless that was done for these sources; the folder.

    :return: ``(folder, what the build said)``
    :raise SystemExit: when it fails
    """
    with _locked("miniprogram", "another process builds the mini-program, waiting for it"):
        output = FOLDER / "dist" / "build" / target
        folder = WWW / "m" if target == "h5" else output
        if is_built(target) and folder.exists():
            return folder, ""
        install()
        now = state()
        crabenv.say(f"building the mini-program for {target}")
        shutil.rmtree(output, ignore_errors=True)
        code, said = run("npm", "run", "--silent", f"build:{target}")
        if code or not output.exists():
            crabenv.die(f"{said[-4000:]}\nthe build for {target} failed, see above")
        if target == "h5":
            _publish(output)
        BUILD.mkdir(parents=True, exist_ok=True)
        (BUILD / f"{target}.state").write_text(now)
        return folder, said


def _publish(output):
    """Put the page where it is served, each text also packed."""
    fresh = WWW / "m.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(output, fresh)
    for path in fresh.rglob("*"):
        if path.is_file() and path.suffix in (".js", ".css", ".html", ".json", ".svg", ".ttf"):
            packed = path.with_name(path.name + ".gz")
            packed.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    shutil.rmtree(WWW / "m", ignore_errors=True)
    fresh.rename(WWW / "m")


# ------------------------------------------------------------------------------------------- checks


def first_files(folder):
    """What the browser must have before the first page stands: the page, what it names, the home page, its imports."""
    page = (folder / "index.html").read_text(encoding="utf-8")
    waiting = [folder / name for name in re.findall(r'(?:src|href)="\./([^"]+)"', page)]
    waiting += (folder / "assets").glob("pages-home-index*.js")
    found = {folder / "index.html"}
    while waiting:
        path = waiting.pop()
        if path in found or not path.exists():
            continue
        found.add(path)
        if path.suffix == ".js":
            text = path.read_text(encoding="utf-8")
            waiting += [
                folder / "assets" / name for name in re.findall(r"""(?:import|from)\s*["']\./([\w.-]+)["']""", text)
            ]
    return sorted(found)


def packed_size(path):
    packed = path.with_name(path.name + ".gz")
    return packed.stat().st_size if packed.exists() else path.stat().st_size


def h5_problems(folder):
    """What is wrong with the page: too large, names other hosts, or files that are no one's for ever."""
    first = sum(packed_size(path) for path in first_files(folder))
    whole = sum(packed_size(path) for path in folder.rglob("*") if path.is_file() and path.suffix != ".gz")
    found = []
    if first > FIRST_LOAD:
        found.append(f"the first load is {first:,} bytes packed; {FIRST_LOAD:,} are allowed")
    if whole > WHOLE:
        found.append(f"the whole page is {whole:,} bytes packed; {WHOLE:,} are allowed")
    for path in folder.rglob("*"):
        if path.suffix in (".js", ".css", ".html"):
            named = re.findall(
                r"""(?:url\(|src=|href=|["'`])["']?((?:https?:)?//(?:cdn|at)\.[\w./-]+)""", path.read_text("utf-8")
            )
            found += [f"{path.name} names {address}" for address in sorted(set(named))]
    return found, f"{first:,} bytes first, {whole:,} in all"


def schema_is_current():
    """Whether src/api/schema.d.ts is what docs/openapi.json makes."""
    target = BUILD / "schema.d.ts"
    BUILD.mkdir(parents=True, exist_ok=True)
    code, said = run("npx", "--no-install", "openapi-typescript", "../docs/openapi.json", "-o", str(target))
    if code:
        return False, said
    same = target.read_text() == (FOLDER / "src" / "api" / "schema.d.ts").read_text()
    return same, "" if same else "src/api/schema.d.ts is not of docs/openapi.json: run scripts/miniprogram schema"


def smoke():
    """Run every page of the mp-weixin build on a stand-in for WeChat, weigh its packages."""
    return run("node", "scripts/smoke.cjs", "dist/build/mp-weixin")


def pages():
    """``{path: title}`` of pages.json."""
    told = json.loads((FOLDER / "src" / "pages.json").read_text(encoding="utf-8"))
    found = {page["path"]: page["style"].get("navigationBarTitleText", "") for page in told["pages"]}
    for package in told.get("subPackages", ()):
        found |= {
            f"{package['root']}/{page['path']}": page.get("style", {}).get("navigationBarTitleText", "")
            for page in package["pages"]
        }
    return found


def check(report):
    """Every check of the mini-program, one line each in ``report`` (``check(name, ok, details)``)."""
    try:
        install()
    except SystemExit as error:
        report.check("mini-program: its libraries are there", False, str(error))
        return
    report.check("mini-program: types of the API are current", *schema_is_current())
    code, said = run("npx", "--no-install", "vitest", "run", "--reporter=basic")
    report.check("mini-program: unit tests", code == 0, said[-6000:])
    for target in TARGETS:
        try:
            folder, _said = build(target)
        except SystemExit as error:
            report.check(f"mini-program: builds for {target}", False, str(error))
            continue
        report.check(f"mini-program: builds for {target}", True)
        if target == "h5":
            problems, sizes = h5_problems(folder)
            report.check(f"mini-program: the page is light ({sizes})", not problems, "\n".join(problems))
        else:
            code, said = smoke()
            report.check("mini-program: every page runs as WeChat does it", code == 0, said)
    code, said = run("npx", "--no-install", "vue-tsc", "--noEmit")
    report.check("mini-program: types", code == 0, said)
