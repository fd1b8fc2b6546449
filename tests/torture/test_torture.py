"""The torture itself: its scripts follow from the dice alone, and a few short rounds are played in every test run."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from torture_blows import BETWEEN
from torture_disk import can_mount, change, fill, make_room, small_disk
from torture_round import play
from torture_script import DAMAGES, DEATHS, script
from torture_stage import truth_of
from torture_watch import Watch

SEED = 20_261_123
ROUNDS = (3, 12)


def test_a_round_follows_from_its_seed_and_number() -> None:
    assert [script(7, number, root=True) for number in range(50)] == [
        script(7, number, root=True) for number in range(50)
    ]
    assert script(7, 1, root=True) != script(8, 1, root=True)


def test_every_blow_and_every_place_comes_up() -> None:
    every = [script(7, number, root=True) for number in range(300)]
    blows = Counter(blow.what for one in every for blow in one.blows)
    assert set(blows) >= {
        *DEATHS,
        *DAMAGES,
        *BETWEEN,
        "fill the disk",
        "another runner",
        "a worker by hand",
        "lose the judge",
    }
    assert {one.place for one in every} == {"folder", "small disk", "bucket"}
    assert {one.judge for one in every} == {"offline", "simulated"}
    assert not [one for number in range(100) if (one := script(7, number, root=False)).place == "small disk"]


def test_a_watch_tells_of_files_in_folders_that_are_younger_than_it(tmp_path: Path) -> None:
    with Watch(tmp_path / "store") as watch:
        deep = tmp_path / "store" / "a" / "b"
        deep.mkdir(parents=True)
        (deep / ".tmp-1").write_bytes(b"x")
        seen: set[Path] = set()
        while deep / ".tmp-1" not in seen:
            found = watch.changed(10.0)
            assert found
            seen.update(found)


def test_a_full_disk_takes_nothing_until_there_is_room(tmp_path: Path) -> None:
    if not can_mount(tmp_path / "try"):
        pytest.skip("this machine lets nobody mount a disk")
    with small_disk(tmp_path / "disk"):
        fill(tmp_path / "disk")
        with pytest.raises(OSError, match="No space left"):
            (tmp_path / "disk" / "file").write_bytes(b"x" * 5_000)
        make_room(tmp_path / "disk")
        (tmp_path / "disk" / "file").write_bytes(b"x" * 5_000)


@pytest.mark.parametrize("number", ROUNDS)
def test_a_short_round_keeps_every_law(tmp_path: Path, number: int) -> None:
    plan = script(SEED, number, root=False)
    tally = play(plan, tmp_path / "round", truth_of(plan, tmp_path / "truth"), SEED)
    assert tally.commands >= 3
    assert tally.repeated <= tally.allowed


def test_a_changed_file_is_not_what_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b'{"a": 1}')
    wound = change(tmp_path / "file", random.Random(1))
    assert (tmp_path / "file").read_bytes() == wound.after != wound.before
    wound.heal()
    assert (tmp_path / "file").read_bytes() == wound.before
