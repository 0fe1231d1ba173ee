"""`python -m bench [name …]`: runs benchmarks, prints their tables and writes them to docs/benchmarks/."""

import argparse
import importlib
import sys
import time

from bench.tables import made_by
from interviewer.settings import ROOT

BENCHMARKS = {
    "retrieval": "bench.retrieval:run",
    "speed": "bench.speed:run",
    "dialogue": "bench.fits:dialogue",
    "grading": "bench.agreement:run",
    "marked": "bench.marked:run",
    "judge": "bench.judge:run",
    "levels": "bench.levels:run",
    "tokens": "bench.tokens:run",
    "real": "bench.real_model:run",
}
TITLES = {
    "levels": "Walkthroughs: is the level read right, and does a turn stay quick?",
    "tokens": "With a language model: tokens, calls, added time",
    "retrieval": "Guide search: is the right section found?",
    "speed": "Speed: replies, start-up, index, load",
    "dialogue": "Dialogue: what a message is taken for",
    "marked": "Grading: agreement with people",
    "judge": "Grading: a language model as judge",
    "real": "A real small language model through the whole path",
    "grading": "Grading: agreement of the offline grader with the labels",
}
ASKED_FOR = {"marked", "real", "judge"}
"""Run only when named: one needs a file of yours, one fetches a model of 1.1 GB, one asks the language model that is configured."""

FILES = {"real": "real-model", "tokens": "model"}
"""Where a file is not called as its benchmark is."""

FOLDER = ROOT / "docs" / "benchmarks"


def main() -> None:
    """Runs the named benchmarks, or all."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description="Runs benchmarks; tables go to standard output and to docs/benchmarks/.")
    arguments.add_argument("names", nargs="*", metavar="name", help=f"any of {', '.join(BENCHMARKS)}; without it all but {', '.join(sorted(ASKED_FOR))}")
    names = arguments.parse_args().names or [n for n in BENCHMARKS if n not in ASKED_FOR]
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        arguments.error(f"unknown benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        began = time.perf_counter()

        def progress(text: str, name: str = name, began: float = began) -> None:
            print(f"{name} {time.perf_counter() - began:5.0f} s  {text}", file=sys.stderr, flush=True)

        module, _, function = BENCHMARKS[name].partition(":")
        body = getattr(importlib.import_module(module), function)(progress)  # imported late: one benchmark need not load the libraries of all
        text = f"# {TITLES[name]}\n\n{made_by(name)}\n\n{body}\n"
        (FOLDER / f"{FILES.get(name, name)}.md").write_text(text, encoding="utf-8")
        print(text, flush=True)
        progress("done")


if __name__ == "__main__":
    main()
