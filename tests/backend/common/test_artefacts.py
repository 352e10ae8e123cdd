from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from backend.common.artefacts import ArtefactStore
from backend.config.env import REPOSITORY

KEY = "0123456789abcdef"


@pytest.fixture
def store(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


def test_an_artefact_appears_whole_with_the_sums_of_its_files(store: ArtefactStore):
    with store.writing(KEY) as folder:
        (folder / "clips").mkdir()
        (folder / "a.bin").write_bytes(b"abc")
        (folder / "clips" / "b.bin").write_bytes(b"")
        assert not store.exists(KEY)
    assert store.exists(KEY)
    assert (store.path(KEY) / "a.bin").read_bytes() == b"abc"
    assert store.manifest(KEY) == {
        "a.bin": {"sha256": hashlib.sha256(b"abc").hexdigest(), "size_bytes": 3},
        "clips/b.bin": {"sha256": hashlib.sha256(b"").hexdigest(), "size_bytes": 0},
    }
    assert list(store.incoming.iterdir()) == []


def test_a_writer_that_fails_leaves_nothing(store: ArtefactStore):
    def fail() -> None:
        with store.writing(KEY) as folder:
            (folder / "half").write_bytes(b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not store.exists(KEY)
    assert list(store.incoming.iterdir()) == []


def test_the_second_writer_of_a_key_loses_silently(store: ArtefactStore):
    with store.writing(KEY) as slow:
        (slow / "a").write_bytes(b"slow")
        with store.writing(KEY) as quick:
            (quick / "a").write_bytes(b"quick")
    assert (store.path(KEY) / "a").read_bytes() == b"quick"
    assert list(store.incoming.iterdir()) == []


def test_writers_of_one_key_at_once_leave_one_artefact(store: ArtefactStore):
    failures: list[BaseException] = []
    together = threading.Barrier(8)

    def write(number: int) -> None:
        try:
            together.wait()
            for round_ in range(5):
                with store.writing(f"{round_:016x}") as folder:
                    (folder / "a").write_bytes(bytes([number]))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert all(store.exists(f"{round_:016x}") for round_ in range(5))
    assert list(store.incoming.iterdir()) == []


def test_what_a_killed_writer_left_is_swept_and_a_living_one_is_left_alone(store: ArtefactStore):
    code = (
        "import sys, time; from pathlib import Path; from backend.common.artefacts import ArtefactStore\n"
        f"with ArtefactStore(Path({str(store.root)!r})).writing({KEY!r}) as folder:\n"
        "    (folder / 'half').write_bytes(b'x'); print('writing', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        assert store.sweep() == 0
        assert len(list(store.incoming.iterdir())) == 2
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    assert store.sweep() == 1
    assert list(store.incoming.iterdir()) == []
    assert not store.exists(KEY)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "ABCDEF0123456789", "0123456789abcdeg", KEY + "\n", "f" * 65])
def test_a_key_is_hex_and_nothing_else(store: ArtefactStore, key: str):
    with pytest.raises(ValueError, match="hex"):
        store.path(key)


def test_what_a_long_making_keeps_is_swept_a_week_later(store: ArtefactStore) -> None:
    fresh, old = store.unfinished("a" * 64), store.unfinished("b" * 64)
    for folder in (fresh, old):
        folder.mkdir(parents=True)
        (folder / "state").write_text("half way")
    os.utime(old, (0, 0))
    assert store.sweep() == 1
    assert fresh.exists()
    assert not old.exists()
    assert not store.exists("a" * 64)
