"""Measure one cell in this process: one model in one package at one size. Started by `run.py`, one process a cell.

Results go to a file, a line of JSON at a time, so that those of a process that was ended are kept.
"""

import argparse
import gc
import importlib
import json
import resource
import sys
import time
import warnings
from importlib import metadata

import graphs
import settings


def adapter(model, package, people, steps):
    """An adapter of a package at a size: `start`, `run` and `result`."""
    kind = getattr(importlib.import_module(f"{model}_models"), package.capitalize())
    if model == "epstein":
        return kind(people, settings.EPSTEIN_SIDES[people], steps)
    return kind(graphs.load(model, people))


def peak_bytes():
    """Largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(options, write):
    """Warm up, set up and run; `write` gets a dictionary for the set-up and one for each run."""
    begun = time.perf_counter()
    warm = adapter(options.model, options.package, settings.WARM_UP[options.model], 5)
    warm.start(0)
    warm.run()
    warm.result()
    del warm
    if not options.repeats:  # only to leave compiled code in the cache, so that memory is not that of the compiler
        return
    extra = {}
    if options.model != "epstein":
        graph = graphs.load(options.model, options.people)  # makes it if need be
        extra = {"edges": int(graph.a.size), "degrees": graphs.degrees(graph)}
        del graph
    gc.collect()
    start = time.perf_counter()
    world = adapter(options.model, options.package, options.people, options.steps)
    write({"made_s": time.perf_counter() - start, "version": metadata.version(settings.DISTRIBUTIONS[options.package]), **extra})
    for number in range(options.repeats):
        gc.collect()
        start = time.perf_counter()
        world.start(number + 1)
        ready, cpu = time.perf_counter(), time.process_time()
        world.run()
        done, cpu = time.perf_counter(), time.process_time() - cpu
        peak = peak_bytes()
        write({"start_s": ready - start, "run_s": done - ready, "cpu_s": cpu, "peak_bytes": peak, **world.result()})
        if done - begun + 1.2 * (time.perf_counter() - start) > options.limit:
            return


def main():
    """Read the options, hold to the limit of memory, measure."""
    parser = argparse.ArgumentParser()
    for name, kind in (("model", str), ("package", str), ("people", int), ("repeats", int), ("steps", int), ("limit", float), ("memory", float), ("out", str)):
        parser.add_argument(name, type=kind)
    options = parser.parse_args()
    if sys.platform != "darwin":
        resource.setrlimit(resource.RLIMIT_AS, (round(options.memory * 2**30),) * 2)
    warnings.simplefilter("ignore")
    with open(options.out, "w", encoding="utf-8") as file:

        def write(values):
            file.write(json.dumps(values) + "\n")
            file.flush()

        try:
            measure(options, write)
        except MemoryError:
            write({"failed": "memory"})
        except Exception as error:
            write({"failed": f"{type(error).__name__}: {error}"})
            raise


if __name__ == "__main__":
    main()
