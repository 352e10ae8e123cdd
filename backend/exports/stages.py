"""What workers do for an export: build the dataset of a frozen version, have it written, pack it, check it.

One export is one claim (see `lease`). What is written goes into the artefact store under the export's key, complete or
not at all, so a worker that is killed leaves nothing and its successor makes the same bytes.
"""

from __future__ import annotations

import errno
import json
import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.utils import timezone
from pyarrow.parquet import ParquetFile

from backend.common import disk
from backend.common.artefacts import store
from backend.common.disk import DiskFull
from backend.common.lease import LeaseLost
from backend.exports import options, settling
from backend.exports.choosing import Choice, choose, splits_of, why_nothing
from backend.exports.kinds import ARCHIVE, CARD, README
from backend.exports.lease import Heartbeat, claim, mine
from backend.exports.models import Export, ExportStatus
from backend.exports.scheduling import announce
from backend.exports.selectors import content_of, label_of
from backend.projects.models import Project
from backend.runs.models import Run, StageExecution, Status
from backend.runs.selectors import stage_output
from backend.versions.frozen import Frozen
from backend.versions.models import VocabularyVersion
from backend.videos.models import Video
from ml import cuts
from ml import store as files
from ml.artefacts import Progress
from ml.errors import NothingToExport, PipelineError
from ml.exports import WRITERS, Dataset, Entry, Primitive, Source
from ml.exports.archive import pack

WRITTEN, CHECKED = 0.85, 0.9  # of the progress
GONE = "A video this version was made from, or what the run made of it, is not there any more."
OUR_FAULT = "The export could not be written because of a fault in Kineme. It has been logged."
FULL = "The disk is full. Free some space, then try again."

logger = logging.getLogger(__name__)


def run(export_id: str) -> None:
    """Claim an export, make its file, record it or why there is none. Safe to call twice."""
    export = claim(export_id)
    if export is None:
        return
    try:
        with Heartbeat(export) as heartbeat:
            _make(export, heartbeat.progress)
    except LeaseLost:
        return
    except PipelineError as error:
        _fail(export, str(error))
    except (Video.DoesNotExist, StageExecution.DoesNotExist, FileNotFoundError):
        logger.exception("export %s misses what it is made from", export.pk)
        _fail(export, GONE)
    except DiskFull as error:
        _fail(export, error.sentence)
    except Exception as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        _fail(export, FULL if full else OUR_FAULT)
        raise
    else:
        _finish(export)


@transaction.atomic
def _finish(export: Export) -> None:
    # The project first, as everybody locks them: somebody may be deleting another export of the same file.
    Project.objects.select_for_update(no_key=True).get(pk=export.project_id)
    held = mine(export).select_for_update(of=("self",)).select_related("version").first()
    if held is not None:
        settling.done(held)


def _fail(export: Export, reason: str) -> None:
    if mine(export).update(
        status=ExportStatus.FAILED, reason=reason, message="", lease_until=None, finished_at=timezone.now()
    ):
        export.refresh_from_db()
        announce(export)


def _make(export: Export, progress: Progress) -> None:
    if store().exists(export.key):
        return
    progress(0.0, "reading the version")
    asked = options.checked(export.kind, export.options)
    dataset, videos = dataset_of(export.version, asked)
    disk.ensure_space(store().root, settling.room_needed(export.kind, videos))
    writer = WRITERS[export.kind]
    with store().writing(export.key) as folder:
        written = folder / "dataset"
        writer.write(dataset, written, writer.options.from_dict(asked.settings), _part(progress, 0.02, WRITTEN))
        progress(WRITTEN, "checking")
        check(written, dataset)
        progress(CHECKED, "packing")
        # Named after what decides the bytes; the name of the file follows the project's, which may change.
        pack(written, folder / ARCHIVE, root=f"{export.kind.replace('_', '-')}-v{export.version.number}")
        for name in (CARD, README):
            shutil.copyfile(written / name, folder / name)
        shutil.rmtree(written)
        progress(1.0, "packed")


def _part(progress: Progress, start: float, stop: float) -> Progress:
    return lambda fraction, message: progress(start + (stop - start) * fraction, message)


# ---- what is written


def dataset_of(version: VocabularyVersion, asked: options.Asked) -> tuple[Dataset, list[Video]]:
    """What the filter leaves of a version, with the codes of its run, and the videos that is from.

    Raises Video.DoesNotExist, StageExecution.DoesNotExist or FileNotFoundError where one of them is gone.
    """
    run, content = version.run, content_of(version.digest)
    choice = choose(content.columns, asked.filter)
    if len(choice.rows) == 0:
        raise NothingToExport(why_nothing(choice, asked.filter))
    config = run.pipeline_config()
    described = content.vocabulary["videos"]
    split = splits_of(described, asked.shares)
    sources: dict[int, Source] = {}
    videos: list[Video] = []
    for place in np.unique(content.columns["video"][choice.rows]).tolist():
        facts = described[place]
        video = Video.objects.get(pk=facts["id"])
        if not video.path.exists():
            raise FileNotFoundError(video.path)
        videos.append(video)
        sources[place] = Source(
            key=source_key(facts["title"], facts["sha256"]),
            title=facts["title"],
            sha256=facts["sha256"],
            path=video.path,
            duration_s=facts["duration_s"] or 0.0,
            view=facts["view"],
            recording=facts["recording"],
            licence=facts["licence"],
            split=split[place],
        )
    primitives = [one for place in sources for one in _primitives(run, content, choice.rows, place, sources[place])]
    return Dataset(
        name=content.vocabulary["project"],
        version=label_of(version),
        digest=version.digest,
        run=run.number,
        config_hash=content.vocabulary["config_hash"],
        preset=run.preset,
        tokenizer=store().path(stage_output(run, "train")),
        n_codes=config.tokenizer.n_codes,
        sources=tuple(sorted(sources.values(), key=lambda one: one.key)),
        vocabulary=tuple(
            Entry(
                key=one["id"],
                **{name: one[name] or "" for name in ("name", "description", "subject", "verb", "object", "primitive")},
            )
            for one in content.vocabulary["actions"]
            if asked.filter.actions is None or one["id"] in asked.filter.actions
        ),
        primitives=tuple(sorted(primitives, key=lambda one: (one.source, one.start_s, one.id))),
        fps=config.tracking.fps,
        figures=figures_of(version, content, choice, asked),
    ), videos


def source_key(title: str, sha256: str) -> str:
    """A name that is safe everywhere, tells people which video it is, and that no other video has."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", Path(title).stem).strip("-").lower()[:40].strip("-")
    return f"{words or 'video'}-{sha256[:12]}"


def _primitives(
    run: Run, content: Frozen, rows: npt.NDArray[np.int64], place: int, source: Source
) -> Iterator[Primitive]:
    """Those of one video. A step belongs to a primitive that its middle lies in, as where the run cut (`ml.cuts`)."""
    columns = {name: column[rows] for name, column in content.columns.items()}
    here = np.flatnonzero(columns["video"] == place)
    key = run.stages.get(
        stage="tokenize", video=content.vocabulary["videos"][place]["id"], status=Status.DONE
    ).output_key
    stream = files.load_stream(store().path(key) / "codes.npz")
    codes, times_s = stream.stream_codes, stream.stream_times_s
    edges = list(zip(columns["start_s"][here].tolist(), columns["end_s"][here].tolist(), strict=True))
    for row, (start_s, end_s), (first, stop) in zip(
        here.tolist(), edges, cuts.steps(edges, times_s, float(stream.times_s[0, 0])), strict=True
    ):
        if stop <= first:  # people may cut finer than a step: the one they cut in
            first = min(int(np.searchsorted(times_s, (start_s + end_s) / 2)), len(times_s) - 1)
            stop = first + 1
        action, cluster, quality = (columns[name][row] for name in ("action", "cluster", "quality"))
        yield Primitive(
            id=int(columns["id"][row]),
            source=source.key,
            start_s=start_s,
            end_s=end_s,
            codes=codes[first:stop],
            times_s=times_s[first:stop],
            cluster=int(cluster) if cluster >= 0 else None,
            action=int(action) if action >= 0 else None,
            quality=float(quality) if np.isfinite(quality) else None,
            n_reviews=int(columns["n_reviews"][row]),
        )


def figures_of(version: VocabularyVersion, content: Frozen, choice: Choice, asked: options.Asked) -> dict[str, object]:
    """What the card tells beside counts: how far people agreed, what stayed out and why, and what was asked for."""
    return {
        **content.vocabulary["agreement"],
        "retention": {
            "in_version": choice.total,
            "not_rated": choice.unrated,
            "below_quality": choice.below_quality,
            "disagreed": choice.disagreed,
            "unnamed": choice.unnamed,
            "other_actions": choice.other_actions,
            "exported": len(choice.rows),
        },
        "filter": {name: value for name, value in asked.as_stored().items() if name != "settings"},
    }


# ---- checking


def check(folder: Path, dataset: Dataset) -> None:
    """Read back what was written, as far as that is cheap. Raises ValueError where it is not what it should be."""
    n = len(dataset.primitives)
    card = json.loads((folder / CARD).read_text())
    if not (folder / README).stat().st_size:
        raise ValueError("the card is empty")
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".jsonl":
            for line in path.read_text().splitlines():
                json.loads(line)
        elif path.suffix == ".parquet":
            if ParquetFile(path).metadata.num_rows < 1:
                raise ValueError(f"{path.name} has no row")
        elif path.is_file() and path.stat().st_size == 0:
            raise ValueError(f"{path.name} is empty")
    if card["counts"]["primitives"] != n:
        raise ValueError(f"the card counts {card['counts']['primitives']} primitives, there are {n}")
