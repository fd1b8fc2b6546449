"""A store that is full or locked: nothing is lost, and what to do is said."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from line_tools import Bench, Ran, Simulator, made_up_cases

as_root = pytest.mark.skipif(os.getuid() != 0, reason="mounting a small or read-only disk takes root")


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A disk of its own, in memory, at `folder`."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this machine lets nobody mount a disk: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def told(ran: Ran, words: str) -> None:
    assert ran.code == 69, ran.err
    assert words in ran.err
    assert ran.err.count("evalfactory:") == 1


PAGES_OF_HALF_A_RUN = 7  # of 4 kB: the run's entry, and the first half of the measurements


@as_root
def test_a_full_disk_ends_the_run_resumable_with_nothing_lost(judged: Bench, judge: Simulator) -> None:
    judged.store_name = "elsewhere"
    truth = judged.run("--run-id", "truth", "--store", "elsewhere")["results_digest"]
    before = [judged.root("truth") / "plan.json", *judged.root("truth").glob("cases/*")]
    pages = sum(-(-path.stat().st_size // 4096) for path in before) + PAGES_OF_HALF_A_RUN
    judged.store_name = "store"
    with mounted(judged.store, f"size={pages * 4}k"):
        ran = judged("run", "suite.yaml", "--run-id", "full", "--quiet")
        told(ran, "No space left on device")
        assert "evalfactory resume full" in ran.err
        kept = {(line["case_id"], line["metric"]): line["score"] for line in judged.kept("full")}
        assert 0 < len(kept) < 48
        remount(judged.store, "size=10m")
        judge.reset()
        done = judged.resume("full")
        assert (done["scored"], done["results_digest"]) == (48, truth)
        assert judge.requests <= 4 * (48 - len(kept))
        lines = judged.measurements("full")
        assert all(lines[(*slot, 0)]["score"] == score for slot, score in kept.items())
        assert judged.here("verify", "full", "--store", "store").code == 0


@as_root
def test_a_disk_with_no_room_for_the_report_leaves_a_run_that_only_lacks_it(judged: Bench, judge: Simulator) -> None:
    with mounted(judged.store, "size=10m"):
        judged.run("--run-id", "full")
        shutil.rmtree(judged.root("full") / "report")
        used = os.statvfs(judged.store)
        remount(judged.store, f"size={(used.f_blocks - used.f_bfree) * used.f_bsize}")
        judge.reset()
        ran = judged("resume", "full", "--store", "store", "--quiet")
        told(ran, "No space left on device")
        assert "evalfactory resume full" in ran.err
        remount(judged.store, "size=10m")
        assert judged.resume("full")["scored"] == 48
        assert judge.requests == 0


@as_root
def test_a_disk_with_no_room_for_temporary_files_is_told_in_words(bench: Bench) -> None:
    bench.cases(made_up_cases(300))
    bench.suite(judge="offline", metrics=["faithfulness"])
    scratch = bench.folder / "scratch"
    with mounted(scratch, "size=32k"):
        bench.env["TMPDIR"] = str(scratch)
        ran = bench("run", "suite.yaml", "--run-id", "cramped", "--quiet")
        told(ran, "No space left on device")
        assert "TMPDIR" in ran.err
        remount(scratch, "size=10m")
        planned = bench("plan", "suite.yaml", "--run-id", "cramped", "--write")
        assert planned.code == 0, planned.err
        remount(scratch, "size=40k")
        ran = bench("resume", "cramped", "--store", "store", "--quiet")
        told(ran, "No space left on device")
        assert "evalfactory resume cramped" in ran.err
        assert len(bench.kept("cramped")) == 300
        remount(scratch, "size=10m")
        assert bench.resume("cramped")["scored"] == 300


@as_root
def test_a_store_that_becomes_read_only_is_told_in_words(judged: Bench) -> None:
    with mounted(judged.store, "size=10m"):
        judged.suite(judge="offline")
        judged.run("--run-id", "first")
        shutil.rmtree(judged.root("first") / "shards" / "00000")
        remount(judged.store, "ro")
        told(judged("run", "suite.yaml", "--run-id", "second", "--quiet"), "read-only")
        told(judged.here("collect", "first", "--store", "store"), "read-only")
        told(judged("work", "--store", "store", "--run-id", "first", "--shard-index", "0"), "read-only")
        assert judged.here("verify", "first", "--store", "store").code == 65
        assert judged.here("status", "first", "--store", "store").code == 0
