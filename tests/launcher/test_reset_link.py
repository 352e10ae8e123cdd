from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from launcher import main, reset_link


def test_without_a_running_kineme_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main.main(["reset-link", "ada", "--data", str(tmp_path)]) == 1
    assert "Start it first" in capsys.readouterr().err


def running(data: Path) -> None:
    (data / "run").mkdir()
    (data / "run" / "address.json").write_text(json.dumps({"address": "http://127.0.0.1:8421", "pid": 1}))


@pytest.mark.parametrize(
    ("status", "out", "err", "said"),
    [
        (0, "/reset/1-key\n", "", "http://127.0.0.1:8421/reset/1-key"),
        (1, "", "CommandError: Nobody here signs in as 'ada'.\n", "Nobody here"),
    ],
)
def test_it_prints_a_whole_address_or_why_not(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    out: str,
    err: str,
    said: str,
):
    running(tmp_path)
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        asked.append(command)
        return SimpleNamespace(returncode=status, stdout=out, stderr=err)

    monkeypatch.setattr(reset_link.subprocess, "run", run)
    assert main.main(["reset-link", "ada", "--data", str(tmp_path)]) == status
    printed = capsys.readouterr()
    assert said in printed.out + printed.err
    assert asked[0][-2:] == ["reset_link", "ada"]
