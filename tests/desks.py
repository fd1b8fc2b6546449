"""Desks to run commands at. Measuring is dear, copying is not: most tests begin with a store that knows every score."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import Desk, Simulator, simulated_judge, support_desk


@pytest.fixture(scope="session")
def measured_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The support cases, measured once in the run `first`. Not to be changed: copy it."""
    desk = support_desk(tmp_path_factory.mktemp("measured"))
    assert desk.run("--run-id", "first")["scored"] == 40
    return desk


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A simulated judge for the tests of a file."""
    with simulated_judge() as simulator:
        yield simulator


@pytest.fixture
def desk(measured_desk: Desk, tmp_path: Path) -> Desk:
    """A copy of the measured desk, to do anything with: what it measures again is reused."""
    return Desk(Path(shutil.copytree(measured_desk.folder, tmp_path / "desk")))


@pytest.fixture
def new_desk(tmp_path: Path) -> Desk:
    """The support cases and no store yet."""
    return support_desk(tmp_path / "desk")
