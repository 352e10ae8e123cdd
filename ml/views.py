"""Segments by what every camera of a take saw of them (§4.1 films two views). Not in the paper, which clusters the
segments of each view by the codes of that view alone: codes leave out much of what the latents before them hold, and
one camera does not see everything (docs/results.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.artefacts import Float, Progress, TokenStream, TrackWindows, no_progress
from ml.tokenizer.encode import prequantized
from ml.tokenizer.model import MotionTokenizer

TIME_S = 1e-6  # a frame at a segment's very end has been read from a file and back
Spans = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """One video, which camera of which take it was, and the segments found in it.

    spans_s: [M, 2], start and end of its segments in seconds of the video. stream: of `tracks`. recording: videos that
    name the same one were taken together; "" is a take by itself. Second t is second t + offset_s of the recording.
    """

    tracks: TrackWindows
    stream: TokenStream
    spans_s: Spans
    view: str = ""
    recording: str = ""
    offset_s: float = 0.0

    def __post_init__(self) -> None:
        if self.spans_s.ndim != 2 or self.spans_s.shape[1] != 2:
            raise ValueError(f"spans must be [M, 2], got {self.spans_s.shape}")


def seen_by_all(cameras: Sequence[Camera], tokenizer: MotionTokenizer, progress: Progress = no_progress) -> Float:
    """Each segment of each camera, in order, as what was seen while it lasted: [M, V · d_m] float32.

    V blocks of columns, one for each view that has another beside it in some recording, and one for all the rest.
    Each is the mean of z before quantisation over the segment's seconds, in that view's camera. Where none of that view
    filmed the segment, its block is the mean of those that were, which says nothing either way once it is standardised.
    """
    blocks = _blocks(cameras)
    names = list(dict.fromkeys(blocks))
    stops = np.cumsum([len(camera.spans_s) for camera in cameras])
    of_camera = [slice(stop - len(camera.spans_s), stop) for stop, camera in zip(stops, cameras, strict=True)]
    d_m = tokenizer.config.d_m
    found = np.full((int(stops[-1]), len(names) * d_m), np.nan, dtype=np.float32)
    for number, (camera, block) in enumerate(zip(cameras, blocks, strict=True)):
        beside = [i for i, other in enumerate(cameras) if other is camera or _together(camera, other)]
        spans_s = [cameras[i].spans_s + (cameras[i].offset_s - camera.offset_s) for i in beside]
        rows = np.concatenate([np.arange(of_camera[i].start, of_camera[i].stop) for i in beside])
        columns = slice(names.index(block) * d_m, (names.index(block) + 1) * d_m)

        def step(fraction: float, message: str, number: int = number) -> None:
            progress((number + fraction) / len(cameras), message)

        means = span_means(camera.tracks, camera.stream, tokenizer, np.concatenate(spans_s), step)
        filmed = ~np.isnan(means[:, 0])
        found[rows[filmed], columns] = means[filmed]
    for column in range(found.shape[1]):
        values = found[:, column]
        missing = np.isnan(values)
        if missing.any():
            values[missing] = values[~missing].mean(dtype=np.float64)
    return found


def span_means(
    tracks: TrackWindows,
    stream: TokenStream,
    tokenizer: MotionTokenizer,
    spans_s: Spans,
    progress: Progress = no_progress,
) -> Float:
    """The mean of z before quantisation over the steps that end within each span [M, 2], in seconds: [M, d_m] float32.

    Spans may overlap and come in any order. One between two frames has the later step; one outside the video is NaN.
    The latents are read once and never lie in memory together.
    """
    times_s = stream.stream_times_s
    first, stop = np.searchsorted(times_s, spans_s + TIME_S).T
    first = np.minimum(first, len(times_s) - 1)
    stop = np.maximum(stop, first + 1)
    outside = (spans_s[:, 1] <= stream.times_s[0, 0]) | (spans_s[:, 0] >= times_s[-1])
    totals = np.zeros((len(spans_s), tokenizer.config.d_m), dtype=np.float32)
    begin, is_first = 0, True
    for z in prequantized(tracks, tokenizer, progress):  # [w, T-1, d_m]
        new = z[:, -stream.stride :].reshape(-1, z.shape[2])
        if is_first:
            new, is_first = np.concatenate([z[0, : -stream.stride], new]), False
        end = begin + len(new)
        for i in np.flatnonzero((first < end) & (stop > begin)):
            totals[i] += new[max(first[i], begin) - begin : stop[i] - begin].sum(axis=0, dtype=np.float64)
        begin = end
    means: Float = totals / (stop - first)[:, None].astype(np.float32)
    means[outside] = np.nan
    return means


def _together(one: Camera, other: Camera) -> bool:
    return one.recording != "" and one.recording == other.recording and one.view != other.view


def _blocks(cameras: Sequence[Camera]) -> list[str]:
    """The name of each camera's block of columns: its view where that is ever filmed beside another, else "" ."""
    beside = {one.view for one in cameras if any(_together(one, other) for other in cameras)}
    return [camera.view if camera.view in beside else "" for camera in cameras]
