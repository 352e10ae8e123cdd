"""Every format that is read, and what is said of a file that cannot be."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml.annotations import (
    Annotation,
    Interval,
    from_frame_labels,
    is_background,
    read_annotation,
    read_annotations,
)
from ml.artefacts import Segment
from ml.errors import PipelineError, UnusableAnnotation
from ml.store import save_segments

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the annotated clips are not on this machine")


def write(path: Path, data: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def by_hand(**changes: object) -> dict[str, object]:
    segments = [{"start": 1.0, "end": 2.0, "label": "take"}, {"start": 3, "end": 4, "label": "put"}]
    return {"video": "videos/a.mp4", "duration_s": 10.0, "boundaries": [2.0, 4.0], "segments": segments, **changes}


def laps(*segments: tuple[float, float], **more: object) -> dict[str, object]:
    rows = [{"start_sec": s, "end_sec": e, "label": f"segment_{k}"} for k, (s, e) in enumerate(segments)]
    return {"video": "a.mp4", "segments": rows, "video_duration_sec": 10.0, **more}


def test_activitynet_truth(tmp_path: Path):
    database = {
        "one": {
            "duration": 9.5,
            "annotations": [{"segment": [4, 5], "label": "b"}, {"segment": [1, 2.5], "label": "a"}],
        },
        "none": {"duration": 3.0, "subset": "validation", "annotations": []},
        "hidden": {"duration": 3.0, "subset": "testing", "annotations": []},
    }
    found = read_annotations(write(tmp_path / "anet.json", {"version": "1.3", "database": database}))
    assert found == {
        "one": Annotation("one", 9.5, (Interval(1.0, 2.5, "a"), Interval(4.0, 5.0, "b"))),
        "none": Annotation("none", 3.0, ()),
    }


def test_activitynet_predictions(tmp_path: Path):
    results = {"one": [{"segment": [1, 2], "label": "a", "score": 0.25}, {"segment": [0, 1], "score": -3}]}
    found = read_annotation(write(tmp_path / "found.json", {"results": results}))
    assert found == Annotation("one", None, (Interval(0, 1, None, -3.0), Interval(1, 2, "a", 0.25)))


def test_our_own_segments_have_the_folder_as_video_the_cluster_as_label_and_the_mean_energy_as_score(tmp_path: Path):
    codes = np.array([1], dtype=np.int16)
    segments = [Segment(0.5, 1.5, codes, 0.7, 1.0), Segment(2.0, 3.0, codes, 0.9, 1.0)]
    (tmp_path / "station-2").mkdir()
    save_segments(tmp_path / "station-2" / "segments.json", "station.mp4", 8.0, segments, clusters=[3, None])
    write(tmp_path / "report.json", {"videos": []})  # beside it, and no annotation
    found = read_annotations(tmp_path)
    assert found == {
        "station-2": Annotation("station-2", 8.0, (Interval(0.5, 1.5, "cluster 3", 0.7), Interval(2.0, 3.0, None, 0.9)))
    }


def test_no_segments_of_ours(tmp_path: Path):
    (tmp_path / "still").mkdir()
    save_segments(tmp_path / "still" / "segments.json", "still.mp4", 8.0, [])
    assert read_annotations(tmp_path) == {"still": Annotation("still", 8.0, ())}


def test_laps_truth_prefers_the_file_that_is_not_noisy(tmp_path: Path):
    write(tmp_path / "a_segments.json", laps((1, 2)))
    write(tmp_path / "a_segments_noisy.json", laps((5, 6)))
    write(tmp_path / "b_segments_noisy.json", laps((3, 4)))
    found = read_annotations(tmp_path)
    assert found["a"] == Annotation("a", 10.0, (Interval(1, 2),))
    assert found["b"].intervals == (Interval(3, 4),)


def test_laps_predictions_take_the_mean_energy_inside_as_score(tmp_path: Path):
    # Windows every 4 frames of 10 a second: 0, 0.4, 0.8, 1.2, 1.6 s. From 0.4 to 1.2 lie windows 1, 2 and 3.
    write(tmp_path / "a" / "segmented_videos" / "a_segments.json", laps((0.4, 1.2), (5, 6)))
    rows = [{"window": w, "energy": e} for w, e in enumerate([9, 1, 2, 6, 9])]
    write(tmp_path / "a" / "stream_energy_quantized_x.jsonl", "\n".join(map(json.dumps, rows)) + "\nnot a row\n")
    assert read_annotations(tmp_path)["a"].intervals == (Interval(0.4, 1.2, None, 3.0), Interval(5, 6))


def test_annotation_by_hand(tmp_path: Path):
    path = write(tmp_path / "a.json", by_hand())
    expected = Annotation("a", 10.0, (Interval(1, 2, "take"), Interval(3, 4, "put")), (2.0, 4.0))
    assert read_annotation(path) == expected
    assert read_annotations(path) == read_annotations(tmp_path) == {"a": expected}


def test_background_is_no_action_and_its_end_is_no_end_of_an_action(tmp_path: Path):
    # background 0-1, take 1-2, put 2-3, background 3-4, take 4-5: actions end at 2, 3 and 5; at 1 and 4 they start.
    labels = ["background", "take", "put", "SIL", "take"]
    segments = [{"start": k, "end": k + 1, "label": label} for k, label in enumerate(labels)]
    path = write(tmp_path / "a.json", by_hand(duration_s=6, segments=segments, boundaries=[1, 2, 3, 4, 5]))
    found = read_annotation(path)
    assert [i.label for i in found.intervals] == ["take", "put", "take"]
    assert found.boundaries_s == (2.0, 3.0, 5.0)


def test_a_label_may_be_a_number(tmp_path: Path):
    path = write(tmp_path / "a.json", by_hand(segments=[{"start": 1, "end": 2, "label": 7}]))
    assert read_annotation(path).intervals == (Interval(1, 2, "7"),)


def test_boundaries_that_are_no_end_of_a_segment_are_kept_as_given(tmp_path: Path):
    assert read_annotation(write(tmp_path / "a.json", by_hand(boundaries=[2, 4, 7.5]))).boundaries_s == (2, 4, 7.5)


@pytest.mark.parametrize("label", ["background", "Background", " SIL ", "action_start", "action_end", "NA"])
def test_words_for_background(label: str):
    assert is_background(label)


@pytest.mark.parametrize("label", [None, "", "wait", "take", "narrow"])
def test_words_for_actions(label: str | None):
    assert not is_background(label)


def test_frame_labels(tmp_path: Path):
    path = write(tmp_path / "S1_Tea_C1.txt", "background\ntake\ntake\ntake\nput\nbackground\n\n")
    expected = Annotation("S1_Tea_C1", 3.0, (Interval(0.5, 2.0, "take"), Interval(2.0, 2.5, "put")))
    assert read_annotation(path, fps=2.0) == expected
    assert read_annotations(tmp_path, fps=2.0) == {"S1_Tea_C1": expected}
    assert from_frame_labels("x", [], 2.0) == Annotation("x", 0.0, ())


def test_frame_labels_need_their_rate(tmp_path: Path):
    with pytest.raises(UnusableAnnotation, match=r"a\.txt: .*--fps"):
        read_annotation(write(tmp_path / "a.txt", "take\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "empty"), ("take\n\nput\n", "line 2"), ("1-30 SIL\n", "line 1")],
)
def test_malformed_frame_labels(tmp_path: Path, text: str, said: str):
    with pytest.raises(UnusableAnnotation, match=said):
        read_annotation(write(tmp_path / "a.txt", text), fps=15)


def segment(**changes: object) -> dict[str, object]:
    return by_hand(segments=[{"start": 1, "end": 2, "label": "take", **changes}])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("not json", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ([1, 2], "shape of no annotation"),
        ({"foo": 1}, "shape of no annotation"),
        ({"segments": {}}, "shape of no annotation"),
        ({"segments": [3]}, "segment 1 is no object"),
        ({"segments": [{"foo": 3}]}, "no start"),
        ({"database": []}, "database is no object"),
        ({"database": {"a": {"annotations": [{"segment": [1]}]}}}, r"no \[start, end\]"),
        ({"database": {"a": {"annotations": 3}}}, "no list"),
        ({"results": {"a": [{"segment": [1, 2], "score": float("nan")}]}}, "its score is no finite number"),
        (segment(start=float("nan")), "its start is no finite number"),
        (segment(end=float("inf")), "its end is no finite number"),
        (segment(end=10**400), "its end is no finite number"),
        (segment(start=-0.5), "its start is negative"),
        (segment(start=True), "its start is no number"),
        (segment(start="1"), "its start is no number"),
        (segment(start=None), "its start is no number"),
        (segment(start=2), "it ends at 2 s and starts at 2 s"),
        (segment(start=5), "it ends at 2 s and starts at 5 s"),
        (segment(start=5, label="background"), "it ends at 2 s"),
        (by_hand(duration_s=-1), "duration is negative"),
        (by_hand(boundaries=[-1]), "a boundary is negative"),
        (by_hand(boundaries=7), "boundaries are no list"),
        (laps((2, 1)), "it ends at 1 s"),
        ({"segments": [{"start_s": 1, "end_s": 1}]}, "it ends at 1 s"),
    ],
)
def test_a_malformed_file_is_one_sentence_that_names_it(tmp_path: Path, data: object, said: str):
    path = write(tmp_path / "clip.json", data)
    with pytest.raises(PipelineError, match=said) as error:
        read_annotations(tmp_path)
    assert str(error.value).startswith(path.name)
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(UnusableAnnotation, match=r"a\.json is not a text file"):
        read_annotations(tmp_path)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(by_hand()).encode())
    assert read_annotation(tmp_path / "a.json").video == "a"


def test_a_file_that_is_missing(tmp_path: Path):
    with pytest.raises(UnusableAnnotation, match=r"none\.json cannot be read: No such file"):
        read_annotations(tmp_path / "none.json")


def test_a_folder_without_annotations(tmp_path: Path):
    (tmp_path / "._a.json").write_text("left by a Mac")
    with pytest.raises(UnusableAnnotation, match="no annotations"):
        read_annotations(tmp_path)


def test_two_files_about_one_video(tmp_path: Path):
    write(tmp_path / "a.json", by_hand())
    write(tmp_path / "a.txt", "take\n")
    with pytest.raises(UnusableAnnotation, match=r"a\.json and a\.txt are both about a"):
        read_annotations(tmp_path, fps=2)


def test_a_file_about_several_videos_is_not_read_as_one(tmp_path: Path):
    path = write(tmp_path / "found.json", {"results": {"a": [], "b": []}})
    with pytest.raises(UnusableAnnotation, match="about 2 videos"):
        read_annotation(path)


@pytest.mark.parametrize(("start_s", "end_s"), [(-1, 2), (2, 2), (3, 2), (0, float("inf")), (float("nan"), 2)])
def test_an_interval_refuses_what_is_none(start_s: float, end_s: float):
    with pytest.raises(ValueError, match="0 <= start < end"):
        Interval(start_s, end_s)


@needs_shared
def test_the_annotated_clips():
    found = read_annotations(SHARED / "annotations")
    assert len(found["bottle_pick_place"].intervals) == len(found["bottle_pick_place"].boundaries_s or ()) == 7
    assert found["work_cell_static"] == Annotation("work_cell_static", 3.6, (), ())
    assert {i.label for i in found["ikea_leg_teaser"].intervals} == {
        "pick up leg",
        "align leg screw with table thread",
        "spin leg",
    }
    # 9 takes, the last cut off by the end of the clip, which is no boundary.
    assert (len(found["bowl_unloading_robot"].intervals), len(found["bowl_unloading_robot"].boundaries_s or ())) == (
        9,
        8,
    )


@needs_shared
@pytest.mark.parametrize(("dataset", "n_videos"), [("gtea", 14), ("50salads", 24)])
def test_the_data_sets(dataset: str, n_videos: int):
    found = read_annotations(SHARED / "groundtruth" / dataset)
    assert len(found) == n_videos
    for annotation in found.values():
        ends = {interval.end_s for interval in annotation.intervals}
        assert set(annotation.boundaries_s or ()) == {end_s for end_s in ends if end_s != annotation.duration_s}
