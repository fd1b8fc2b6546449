"""A store that is full, locked or read by others: nothing is lost, nothing is shown that must not be."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from line_tools import Bench, Ran, Simulator, children_of, command_line, made_up_cases, simulator

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


KEY = "sk-planted-Zq7Xw0Vb3Nm9"
CASES = 12


def test_a_key_is_in_no_file_no_output_and_no_list_of_processes(bench: Bench) -> None:
    bench.cases(made_up_cases(CASES))
    bench.env |= {"JUDGE_KEY": KEY, "TEAM": f"team-{KEY}"}
    seen: set[str] = set()
    ended = threading.Event()

    def watch(pid: int) -> None:
        while not ended.wait(0.02):
            seen.update(command_line(each) for each in (pid, *children_of(pid)))

    with simulator("--expect-key", KEY, "--fault", "server_error=0.1", "--fault", "filtered=0.05") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"api_key_env": "JUDGE_KEY", "headers": {"X-Team": "${TEAM}"}})
        running = bench.start("run", "suite.yaml", "--run-id", "secret")
        watcher = threading.Thread(target=watch, args=(running.pid,))
        watcher.start()
        ran = running.ended()
        ended.set()
        watcher.join()
        assert ran.code in (0, 10, 11), ran.err
        explained = bench("explain", "case-0003", "--run", "secret", "--store", "store", "--json")
    with simulator("--expect-key", "another") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"api_key_env": "JUDGE_KEY", "headers": {"X-Team": "${TEAM}"}})
        refused = bench("run", "suite.yaml", "--run-id", "refused", "--fresh")
    assert refused.code == 77
    files = [path for path in bench.folder.rglob("*") if path.is_file()]
    assert any("logs" in path.parts for path in files)
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    assert not [each for each in (ran, explained, refused) if KEY in each.out + each.err]
    assert any("evalfactory.worker" in words for words in seen)
    assert not [words for words in seen if KEY in words]
