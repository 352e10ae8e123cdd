"""WebDataset shards: plain tars in which the files of one sample share their name up to the first dot."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from ml.artefacts import Progress
from ml.exports.card import write_card
from ml.exports.clips import Clip, cut_clips
from ml.exports.dataset import Dataset, Source
from ml.exports.facts import facts_of_primitive
from ml.exports.options import WebdatasetOptions
from ml.exports.text import to_json

MODE = 0o644
MEGABYTE = 1_000_000
BLOCK = 512  # of a tar: a header, and what contents are filled up to
END = 11_264  # what closes a tar, at most: two blocks, and zeros up to a record of 20


def write(dataset: Dataset, folder: Path, options: WebdatasetOptions, progress: Progress) -> None:
    """shards/<split>-000000.tar, …: for every primitive `<source key>-<id>` with .mp4, .codes.npy (int16 [T]) and
    .json, in the order of the dataset; shards.json: how many samples each shard holds. Errors: see `Writer.write`.

    The names are safe ones, so nothing a person typed is a path. The format: github.com/webdataset/webdataset.
    """
    shards = folder / "shards"
    shards.mkdir(parents=True)
    counts: Counter[str] = Counter()
    used = dataset.by_source
    done = 0
    writer: _Shards | None = None
    with tempfile.TemporaryDirectory(dir=folder, prefix=".clips-") as clips:
        try:
            for place, (source, primitives) in enumerate(used):

                def tell(fraction: float, place: int = place) -> None:
                    progress((place + fraction) / len(used), f"video {place + 1} of {len(used)}")

                if writer is None or writer.split != source.split:
                    if writer is not None:
                        writer.close()
                    writer = _Shards(shards, source.split, options.shard_mb * MEGABYTE, counts)
                for clip in cut_clips(
                    source,
                    primitives,
                    Path(clips),
                    tell,
                    long_side_px=options.long_side_px,
                    quality=options.quality,
                ):
                    writer.add(f"{source.key}-{clip.primitive.id:08d}", _sample(dataset, source, clip))
                    clip.path.unlink()
                    done += 1
        finally:
            if writer is not None:
                writer.close()
    (folder / "shards.json").write_text(to_json({"shards": dict(counts)}) + "\n", encoding="utf-8", newline="\n")
    write_card(dataset, folder, "webdataset", options, {"samples": done, "shards": len(counts)}, _NOTES)


_NOTES = (
    "Codes are one a step, `times_s` in the .json says when each step ends, in seconds of the source; the clip begins "
    "at `clip.begins_s`.",
)


def _sample(dataset: Dataset, source: Source, clip: Clip) -> list[tuple[str, bytes | Path]]:
    codes = io.BytesIO()
    np.save(codes, clip.primitive.codes.astype("<i2"), allow_pickle=False)
    facts = facts_of_primitive(dataset, source, clip.primitive)
    facts["times_s"] = clip.primitive.times_s.tolist()
    facts["clip"] = {
        "begins_s": clip.begins_s,
        "pictures": clip.n_pictures,
        "width": clip.size[0],
        "height": clip.size[1],
    }
    # `webdataset` keeps the order within a sample; the small ones first, for who reads only those.
    return [
        (".json", to_json(facts, indent=None).encode()),
        (".codes.npy", codes.getvalue()),
        (".mp4", clip.path),
    ]


class _Shards:
    """The shards of one split, one after the other."""

    def __init__(self, folder: Path, split: str, limit: int, counts: Counter[str]):
        """limit: bytes a shard may have; counts: samples by shard, added to."""
        self.split, self._folder, self._limit, self._counts = split, folder, limit, counts
        self._number, self._size = 0, 0
        self._tar: tarfile.TarFile | None = None
        self._name = ""

    def add(self, key: str, files: list[tuple[str, bytes | Path]]) -> None:
        """Append a sample: a shard is closed before it grows beyond the limit, and a sample is never cut in two."""
        sizes = [content.stat().st_size if isinstance(content, Path) else len(content) for _, content in files]
        needed = sum(BLOCK + -(-size // BLOCK) * BLOCK for size in sizes)
        if self._tar is not None and self._size + needed + END > self._limit:
            self.close()
        if self._tar is None:
            self._name = f"{self.split}-{self._number:06d}.tar"
            self._tar = tarfile.open(self._folder / self._name, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
            self._number, self._size = self._number + 1, 0
        for (ending, content), size in zip(files, sizes, strict=True):
            entry = tarfile.TarInfo(key + ending)
            entry.size, entry.mode = size, MODE
            if isinstance(content, Path):
                with content.open("rb") as file:
                    self._tar.addfile(entry, file)
            else:
                self._tar.addfile(entry, io.BytesIO(content))
        self._size += needed
        self._counts[self._name] += 1

    def close(self) -> None:
        if self._tar is not None:
            self._tar.close()
            self._tar = None
