"""`kineme bench WHAT …`."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = {
    "chain": "time, speed and memory of every stage, beside mere decoding",
    "tokenizer": "time to encode windows and to train on them, beside the network as it is written down",
    "upload": "upload speed over loopback, and the server's memory meanwhile",
    "api": "response times of the API on the sample project",
    "ui": "the screens in headless Chromium: frames, lasso, cutting anew, loops, JavaScript",
    "search": "the search by movement over a million primitives: time, rows, recall",
    "review": "review queues, progress and agreement over a million primitives and 200,000 reviews",
    "pages": "how soon each page is usable in a fresh browser",
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in BENCHMARKS:
        print("usage: kineme bench WHAT …\n")
        print("\n".join(f"  {name:10}{what}" for name, what in BENCHMARKS.items()))
        return 0 if arguments in (["-h"], ["--help"]) else 2
    return int(importlib.import_module(f"benchmarks.{arguments[0]}").main(arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
