"""What other tools write. The examples have the shape of their documentation and of files they wrote."""

import json
from pathlib import Path

import pytest

from ml.annotations import read_annotation, read_annotations
from ml.errors import UnusableAnnotation

EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-01-01T10:00:00+01:00" FORMAT="3.0" VERSION="3.0">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///line.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="500"/>
  </HEADER>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="2500"/>
    <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="2500"/><TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="4000"/>
    <TIME_SLOT TIME_SLOT_ID="ts5"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="Action">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
      <ANNOTATION_VALUE>press &lt;b&gt;</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
      <ANNOTATION_VALUE>grasp</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts4" TIME_SLOT_REF2="ts5">
      <ANNOTATION_VALUE>without an end</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="speech">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts4">
      <ANNOTATION_VALUE>hm</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
</ANNOTATION_DOCUMENT>
"""


def spans(path: Path, **how: str) -> list[tuple[float, float, str | None]]:
    return [(one.start_s, one.end_s, one.label) for one in read_annotation(path, **how).intervals]


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_elan_reads_the_tier_of_actions_in_seconds_of_the_video(tmp_path: Path):
    path = written(tmp_path, "line.eaf", EAF)
    assert spans(path) == [(1.5, 3.0, "grasp"), (3.0, 4.5, "press <b>")]
    assert spans(path, tier="speech") == [(1.5, 4.5, "hm")]
    assert read_annotation(path).video == "line"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (EAF.replace('"Action"', '"left hand"'), "say which one"),
        (EAF.replace('TIME_VALUE="1000"', 'TIME_VALUE="1,0"'), "no time in milliseconds"),
        (EAF.replace('TIME_VALUE="1000"', 'TIME_VALUE="-900"'), "negative"),
        (EAF.replace('"milliseconds"', '"NTSC-frames"'), "not in milliseconds"),
        (EAF[:200], "not XML"),
        ("<html/>", "no document of ELAN"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><ANNOTATION_DOCUMENT/>', "declares entities"),
        ("<ANNOTATION_DOCUMENT/>", "no tier has annotations"),
    ],
)
def test_what_elan_does_not_write_is_one_sentence(tmp_path: Path, text: str, said: str):
    with pytest.raises(UnusableAnnotation, match=said):
        read_annotation(written(tmp_path, "line.eaf", text))


def test_a_tier_that_is_not_there_is_named_with_those_that_are(tmp_path: Path):
    with pytest.raises(UnusableAnnotation, match="no tier 'gaze', but 'Action', 'speech'"):
        read_annotation(written(tmp_path, "line.eaf", EAF), tier="gaze")


@pytest.mark.parametrize(
    "text",
    [
        "start_s,end_s,label\n0.5,1,grasp\n1,2.25,\n",
        "Start;End;Action\n0.5;1;grasp\n1;2.25;\n",
        "label\tto\tfrom\ngrasp\t1\t0.5\n\t0:02.25\t0:00:01\n",
    ],
)
def test_a_table_of_intervals(tmp_path: Path, text: str):
    assert spans(written(tmp_path, "line.csv", text)) == [(0.5, 1.0, "grasp"), (1.0, 2.25, None)]


def test_a_table_may_be_about_several_videos(tmp_path: Path):
    path = written(tmp_path, "all.csv", "video,start,end,label\na.mp4,0,1,x\nfolder/b.mp4,1,2,y\na.mp4,3,4,z\n")
    found = read_annotations(path)
    assert {name: len(one.intervals) for name, one in found.items()} == {"a": 2, "b": 1}


BORIS_EVENTS = """Observation id,line
Media file(s),line.mp4
Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Comment,Status
0.500,line.mp4,10.0,30,right hand,grasp,,,START
0.700,line.mp4,10.0,30,right hand,look,,,POINT
1.250,line.mp4,10.0,30,right hand,grasp,,,STOP
1.250,line.mp4,10.0,30,right hand,press,,,START
2.000,line.mp4,10.0,30,right hand,press,,,STOP
"""
BORIS_AGGREGATED = """Observation id,Media file,Subject,Behavior,Behavior type,Start (s),Stop (s),Duration (s)
line,line.mp4,right hand,grasp,STATE,0.5,1.25,0.75
line,line.mp4,right hand,press,STATE,1.25,2.0,0.75
line,line.mp4,right hand,wave,STATE,NA,NA,NA
"""


@pytest.mark.parametrize("text", [BORIS_EVENTS, BORIS_AGGREGATED, BORIS_AGGREGATED.replace(",", "\t")])
def test_boris(tmp_path: Path, text: str):
    assert spans(written(tmp_path, "export.csv", text)) == [(0.5, 1.25, "grasp"), (1.25, 2.0, "press")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start,end\n1,0.5\n", "segment 1 .* ends at 0.5 s"),
        ("start,end\n-1,0.5\n", "negative"),
        ("start,end\nnan,0.5\n", "no finite number"),
        ("start,end\n1e400,2e400\n", "no finite number"),
        ("start,end\nsoon,later\n", "no number"),
        ("a,b\n1,2\n", "no line names the columns"),
        ("", "no line names the columns"),
        (BORIS_EVENTS.replace("press,,,STOP", "press,,,START"), "had not stopped"),
        (BORIS_EVENTS.replace("grasp,,,START", "grasp,,,POINT"), "had not started"),
        (BORIS_EVENTS.replace("2.000,line.mp4,10.0,30,right hand,press,,,STOP\n", ""), "never stops"),
        (BORIS_EVENTS.replace("POINT", "MAYBE"), "is not START, STOP or POINT"),
    ],
)
def test_a_malformed_table_is_one_sentence(tmp_path: Path, text: str, said: str):
    with pytest.raises(UnusableAnnotation, match=said):
        read_annotation(written(tmp_path, "line.csv", text))


def test_via_projects_name_options_and_leave_out_regions(tmp_path: Path):
    project = {
        "project": {"pname": "line"},
        "config": {},
        "attribute": {"1": {"aname": "action", "type": 4, "options": {"0": "grasp", "1": "press"}}},
        "file": {"1": {"fid": "1", "fname": "line.mp4"}},
        "view": {"1": {"fid_list": ["1"]}},
        "metadata": {
            "1_a": {"vid": "1", "flg": 0, "z": [1.25, 2.0], "xy": [], "av": {"1": "1"}},
            "1_b": {"vid": "1", "flg": 0, "z": [0.5, 1.25], "xy": [], "av": {"1": "0"}},
            "1_c": {"vid": "1", "flg": 0, "z": [0.7], "xy": [2, 1, 1, 5, 5], "av": {}},
        },
    }
    path = written(tmp_path, "via.json", json.dumps(project))
    assert spans(path) == [(0.5, 1.25, "grasp"), (1.25, 2.0, "press")]
    assert read_annotation(path).video == "line"
