"""Handing on: a reviewed vocabulary and its primitives, written in the forms trainers load.

`WRITERS[kind].write(dataset, folder, options, progress)` writes one export into a folder, `archive.pack` makes one file
of it. Same dataset, same options: same bytes.
"""

from ml.exports.dataset import Dataset, Entry, Primitive, Source
from ml.exports.writers import WRITERS, Writer

__all__ = ["WRITERS", "Dataset", "Entry", "Primitive", "Source", "Writer"]
