"""The kinds of export: what may be chosen for each, and who writes it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ml.artefacts import Progress, no_progress
from ml.errors import NothingToExport
from ml.exports import options as chosen
from ml.exports.dataset import Dataset


@dataclass(frozen=True)
class Writer:
    """One kind. The module that writes it is imported when it first writes: pyarrow and torch take seconds."""

    kind: str
    options: type[chosen.Options]

    def write(self, dataset: Dataset, folder: Path, options: chosen.Options, progress: Progress = no_progress) -> None:
        """Write the export, with its card, into `folder`, which is made where it is missing and should be empty.

        A source is decoded as a stream, so memory does not grow with its length. Where it raises, what lies in the
        folder is of no use: remove it.

        Raises:
            NothingToExport: the dataset has no primitives.
            CannotDecode: a source cannot be read, or ends before a primitive does.
            UnusableCheckpoint: the tokenizer is needed and missing or damaged.
            ValueError: options of another kind.
            Cancelled: `progress` asked to stop.
        """
        if type(options) is not self.options:
            raise ValueError(f"{self.kind} takes {self.options.__name__}, got {type(options).__name__}")
        if not dataset.primitives:
            raise NothingToExport("There is nothing to export: no primitive passes the filter.")
        folder.mkdir(parents=True, exist_ok=True)
        import_module(f"ml.exports.{self.kind}").write(dataset, folder, options, progress)
        progress(1.0, "written")


WRITERS: dict[str, Writer] = {
    writer.kind: writer
    for writer in (
        Writer("lerobot", chosen.LerobotOptions),
        Writer("language_action", chosen.LanguageActionOptions),
        Writer("webdataset", chosen.WebdatasetOptions),
        Writer("activitynet", chosen.ActivitynetOptions),
        Writer("laps", chosen.LapsOptions),
    )
}
