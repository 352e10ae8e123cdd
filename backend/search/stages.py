"""What workers do for a search: the vector of a range or of a clip, by the tokenizer and encoder of a run.

One example is one claim: a conditional UPDATE takes the row, progress renews the lease, the attempt number fences.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from backend.common.artefacts import store
from backend.common.lease import LeaseLost, lease_until, take
from backend.runs.models import StageExecution
from backend.runs.selectors import stage_output
from backend.search.models import Example, ExampleStatus
from backend.search.scheduling import announce
from backend.search.selectors import clip_path
from ml import embedding, tracking, video
from ml import store as files
from ml.artefacts import Codes, Segment, TokenStream
from ml.errors import PipelineError, TooShort
from ml.tokenizer import encode
from ml.tokenizer.checkpoint import load_tokenizer
from ml.tokenizer.model import MotionTokenizer

CLIP_AT_MOST_S = 120.0
EDGE_S = 1e-4  # a range that was cut where a primitive was takes the same steps, whatever rounding did to it
GONE = "The run, or what it made, is gone."
OUR_FAULT = "The example could not be looked at because of a fault in Kineme. It has been logged."


def run(example_id: str) -> None:
    """Claim an example, embed it, record its vector or why there is none. Safe to call twice."""
    example = _claim(example_id)
    if example is None:
        return
    try:
        codes = _codes_of_range(example) if example.video_id is not None else _codes_of_clip(example)
        vector, space = _embedded(example, codes)
        _settle(example, status=ExampleStatus.DONE, embedding=vector, space=space)
    except LeaseLost:
        return
    except StageExecution.DoesNotExist:
        _settle(example, status=ExampleStatus.FAILED, reason=GONE)
    except PipelineError as error:
        _settle(example, status=ExampleStatus.FAILED, reason=str(error))
    except Exception:
        _settle(example, status=ExampleStatus.FAILED, reason=OUR_FAULT)
        raise


def _claim(example_id: str) -> Example | None:
    free = Q(status=ExampleStatus.QUEUED) | Q(status=ExampleStatus.RUNNING, lease_until__lt=timezone.now())
    if not take(Example.objects.filter(free, pk=example_id), status=ExampleStatus.RUNNING, reason=""):
        return None
    return Example.objects.select_related("run", "run__tokenizer_run", "video").get(pk=example_id)


def _mine(example: Example) -> QuerySet[Example]:
    return Example.objects.filter(pk=example.pk, attempt=example.attempt, status=ExampleStatus.RUNNING)


def _settle(example: Example, **values: Any) -> None:
    if not _mine(example).update(lease_until=None, **values):
        return
    if example.filename:
        clip_path(example).unlink(missing_ok=True)  # nobody needs it any more
    example.refresh_from_db()
    announce(example)


def _renewing(example: Example) -> Callable[[float, str], None]:
    """A progress callback that keeps the lease. Raises LeaseLost once it is somebody else's."""
    renewed = time.monotonic()

    def progress(fraction: float, message: str) -> None:
        nonlocal renewed
        if time.monotonic() - renewed > settings.HEARTBEAT_S:
            renewed = time.monotonic()
            if not _mine(example).update(lease_until=lease_until()):
                raise LeaseLost

    return progress


def _codes_of_range(example: Example) -> Codes:
    """The codes of the steps that end within the range, as in a primitive; of the one it lies in if there is none."""
    assert example.start_s is not None
    assert example.end_s is not None
    stream = _stream(stage_output(example.run, "tokenize", example.video))
    times_s = stream.stream_times_s
    if example.start_s > times_s[-1]:
        raise TooShort("Nothing was tracked in this part of the video: it is too close to the end.")
    first, stop = np.searchsorted(times_s, (example.start_s + EDGE_S, example.end_s + EDGE_S))
    first = min(int(first), len(times_s) - 1)
    found: Codes = stream.stream_codes[first : max(int(stop), first + 1)]
    return found


@functools.lru_cache(maxsize=8)
def _stream(key: str) -> TokenStream:
    return files.load_stream(store().path(key) / "codes.npz")


def _codes_of_clip(example: Example) -> Codes:
    path, config = clip_path(example), example.run.pipeline_config().tracking
    if not path.exists():
        raise PipelineError("The clip is not there any more. Upload it again.")
    duration_s = video.probe(path).duration_s
    if duration_s > CLIP_AT_MOST_S:
        raise PipelineError(f"The clip is {duration_s:.0f} s long; to search by, it may be two minutes at most.")
    progress = _renewing(example)
    cotracker = tracking.CoTracker(settings.COTRACKER, settings.ACCEPT_CC_BY_NC)
    folder = Path(tempfile.mkdtemp(prefix="tracks-", dir=path.parent))
    try:
        tracking.track_video(path, config, folder, progress, cotracker)
        tracks = tracking.TracksFile.open(folder)
        return encode.tokenize(tracks, _tokenizer_of(example), progress, stride=config.stride_frames).stream_codes
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _embedded(example: Example, codes: Codes) -> tuple[list[float], str]:
    whole = Segment(0.0, float(len(codes)), codes, 0.0, 0.0)  # only the codes count
    made = embedding.embed([whole], _tokenizer_of(example), example.run.pipeline_config().embedding)
    return made.vectors[0].tolist(), made.space


def _tokenizer_of(example: Example) -> MotionTokenizer:
    return _tokenizer(stage_output(example.run, "train"))


@functools.lru_cache(maxsize=2)
def _tokenizer(key: str) -> MotionTokenizer:
    """Kept in the worker: loading it takes longer than all the rest."""
    return load_tokenizer(store().path(key))
