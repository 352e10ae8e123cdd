from __future__ import annotations

from pathlib import Path

import pytest

from ml.exports import Dataset
from tests.ml.exports import made


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder: Path = tmp_path_factory.mktemp("sources")
    return made.dataset(folder)
