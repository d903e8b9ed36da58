"""The same models in communize and in other packages: speed, memory, and whether the results agree.

``python benchmarks/peers/run.py`` installs the packages into an environment of their own, measures every cell in a new
process with one thread, checks the results against theory and one another, and writes the table of the documentation. It
needs Python 3.11 or later alone. Exit status 1: a package failed or does not agree.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import checks
import settings
import table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def arguments():
    """The options of the command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=settings.MODELS, default=list(settings.MODELS), metavar="MODEL", help=" ".join(settings.MODELS))
    parser.add_argument("--packages", nargs="+", choices=settings.PACKAGES, default=list(settings.PACKAGES), metavar="PACKAGE", help=" ".join(settings.PACKAGES))
    parser.add_argument("--sizes", nargs="+", type=int, metavar="PEOPLE", help="numbers of people, instead of those of each model")
    parser.add_argument("--repeats", type=int, default=7, help="runs of a cell, of which the median counts; fewer where the limit comes first")
    parser.add_argument("--limit", type=float, default=600.0, metavar="SECONDS", help="time for a cell, with set-up and all repeats")
    parser.add_argument("--memory", type=float, default=12.0, metavar="GIB", help="address space of a cell (Linux)")
    parser.add_argument("--quick", action="store_true", help="one repeat at 10,000 people: shows that everything works, measures nothing")
    parser.add_argument("--resume", action="store_true", help="keep the cells that are in the results already")
    parser.add_argument("--table-only", action="store_true", help="measure nothing; check the results that are there and write the table anew")
    parser.add_argument("--out", type=Path, help="where the table goes; the results stand beside it as JSON (default: docs/peers_table.md)")
    parser.add_argument("--venv", type=Path, default=HERE / ".venv", help="environment to make or use")
    options = parser.parse_args()
    if options.repeats < 1 or options.limit <= 0:
        parser.error("--repeats and --limit must be above 0")
    if options.sizes and "epstein" in options.only and not set(options.sizes) <= set(settings.EPSTEIN_SIDES):
        parser.error(f"sizes of epstein: {', '.join(map(str, settings.EPSTEIN_SIDES))} (use --only for other models)")
    if options.quick:
        options.repeats = 1
    if options.out is None:
        options.out = HERE / ".cache" / "quick.md" if options.quick else ROOT / "docs" / "peers_table.md"
    return options


def environment(folder):
    """Install the packages into `folder` unless that is done; returns its Python."""
    python = folder / "bin" / "python"
    wanted = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pyproject.toml", ROOT / "requirements.lock", HERE / "versions.txt"))
    stamp = folder / "installed.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"Installing into {folder} ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "-c", "requirements.lock", "-c", HERE / "versions.txt", "-e", ".[peers]"], cwd=ROOT, check=True)  # fmt: skip
    stamp.write_text(wanted, encoding="utf-8")
    return python


def machine():
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "processor": model, "processors": os.cpu_count(), "memory_gib": round(memory), "system": platform.system(), "python": platform.python_version(),
    }  # fmt: skip


def steps_of(model, people, quick):
    """Steps of a run (the threshold model ends by itself)."""
    if model == "sir":
        return settings.SIR_STEPS
    if model == "threshold":
        return 0
    return settings.QUICK_EPSTEIN_STEPS if quick else settings.EPSTEIN_STEPS[people]


def measure(python, options, model, people, package, scratch, repeats):
    """Measure a cell in a process of its own; returns what it wrote, and how it ended if not well."""
    out, steps = scratch / "cell.jsonl", steps_of(model, people, options.quick)
    out.unlink(missing_ok=True)
    command = [python, HERE / "measure.py", model, package, people, repeats, steps, options.limit, options.memory, out]
    cell = {"model": model, "people": people, "package": package, "steps": steps, "runs": [], "limit_s": options.limit, "memory_gib": options.memory}
    with open(scratch / "output.txt", "wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=scratch, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, **ONE_THREAD, "NUMBA_CACHE_DIR": str(scratch / "numba"), "MPLCONFIGDIR": str(scratch), "STARSIM_INSTALL_FONTS": "0"})  # fmt: skip
        try:
            code = process.wait(timeout=options.limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:  # also where this command is interrupted
            process.kill()
            process.wait()
    for line in out.read_text(encoding="utf-8").splitlines() if out.exists() else []:
        values = json.loads(line)
        if "run_s" in values:
            cell["runs"].append(values)
        else:
            cell.update(values)
    if code is None and not cell["runs"]:
        cell["failed"] = "time"
    elif code and "failed" not in cell:
        cell["failed"] = "memory" if code == -9 else f"exit status {code}"
    if cell.get("failed") not in (None, "time", "memory"):
        print((scratch / "output.txt").read_text(encoding="utf-8", errors="replace")[-2000:], file=sys.stderr)
    return cell


def main():
    """Measure what is asked for, check, and write."""
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options.out = options.out.resolve()
    results_path = options.out.with_suffix(".json")
    results = {"machine": machine(), "quick": options.quick, "repeats": options.repeats, "date": time.strftime("%Y-%m-%d"), "cells": []}
    if options.resume or options.table_only:
        if options.table_only and not results_path.exists():
            sys.exit(f"{results_path} is not there")
        before = json.loads(results_path.read_text(encoding="utf-8")) if results_path.exists() else results
        if options.resume and (before["machine"], before["quick"]) != (results["machine"], results["quick"]):
            sys.exit(f"{results_path} was measured on another machine, or with other settings: it cannot be resumed")
        results = before
    sizes = settings.QUICK_SIZES if options.quick else settings.SIZES
    sizes = sizes if options.sizes is None else dict.fromkeys(settings.MODELS, options.sizes)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if not options.table_only:
        python = environment(options.venv.resolve())
        scratch = Path(tempfile.mkdtemp(prefix="peers-"))  # fresh compiled kernels: none of an older source
        compiled = set()
        done = {(cell["model"], cell["people"], cell["package"]) for cell in results["cells"]}
        try:
            for key in settings.cells(options.only, options.packages, sizes):
                if key in done:
                    continue
                print(f"{key[0]}, {key[1]:,} people, {settings.PACKAGES[key[2]]}: ", end="", flush=True)
                if (key[0], key[2]) not in compiled and key[2] in settings.COMPILED:
                    measure(python, options, *key, scratch, 0)
                    compiled.add((key[0], key[2]))
                cell = measure(python, options, *key, scratch, options.repeats)
                print(table.in_a_line(cell), flush=True)
                results["cells"].append(cell)
                results_path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    options.out.write_text(table.markdown(results), encoding="utf-8")
    print(f"\n{table.plain(results)}\n{options.out}\n{results_path}")
    found = checks.problems(results["cells"])
    for cell in results["cells"]:
        if cell.get("failed") not in (None, "time", "memory"):
            found.append(f"{cell['package']}: {cell['model']} with {cell['people']:,} people failed: {cell['failed']}")
    for problem in found:
        print(f"PROBLEM: {problem}", file=sys.stderr)
    if not found and any(cell["runs"] for cell in results["cells"]):
        print("All results agree.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
