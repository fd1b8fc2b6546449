from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from evalfactory.errors import InputError, UsageError
from evalfactory.judge.simulator import How, Outage, SimulatorOptions, add_arguments, options_from
from evalfactory.judge.simulator.counters import Counters
from evalfactory.judge.simulator.fault import Fault
from evalfactory.judge.simulator.latency import Latency, Shape
from evalfactory.judge.simulator.telling import Odds

PROGRAM = """
import json, sys
from evalfactory.judge.simulator import SimulatorOptions, run_simulator
counted = run_simulator(SimulatorOptions(progress_s=0.01), "127.0.0.1", 0, lambda url: print(url, flush=True))
print(json.dumps(counted))
"""


def options(*flags: str) -> SimulatorOptions:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return options_from(parser.parse_args(flags))


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_and_the_counters_come_out(stop: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        base_url = process.stdout.readline().strip()
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}]}).encode()
        with urllib.request.urlopen(f"{base_url}/chat/completions", body) as response:
            assert response.status == 200
        while "1 answered" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(stop)
        rest, errors = process.communicate(timeout=10)
        assert process.returncode == 0
        assert json.loads(rest)["answered"] == 1
        assert "Traceback" not in errors


def test_every_flag_fault_outage_and_counter_stands_in_the_reference() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "judge-sim.md").read_text(encoding="utf-8")
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    flags = [flag for action in parser._actions for flag in action.option_strings]
    missing = [name for name in (*flags, *Fault, *How, *Counters().as_json()) if f"`{name}" not in page]
    assert not missing


def test_no_flags_are_the_defaults() -> None:
    assert options() == SimulatorOptions()


def test_every_flag_ends_in_the_options(tmp_path: Path) -> None:
    made_up = tmp_path / "made-up.txt"
    made_up.write_text('Mumbai\n\n"a \\"quoted\\" one"\n"half\n', encoding="utf-8")
    flags = (
        "--seed 7 --latency lognormal --latency-mean-s 0.2 --latency-sigma 0.4 --requests-per-minute 6000 --burst 9"
        " --tokens-per-minute 1000 --max-concurrent 5 --fault server_error=0.2 --fault cut=0.1 --max-faults 2 --hang-s 3"
        " --context-tokens 99 --expect-key k --outage 1:2 --outage 3:4:refused --bad-share 0.1 --pass-if-bad 0.2"
        " --pass-if-good 0.9 --doubt-odds 0.7 --progress"
    )
    assert options(*flags.split(), "--doubt", str(made_up)) == SimulatorOptions(
        seed=7,
        latency=Latency(Shape.LOGNORMAL, 0.2, 0.4),
        requests_per_second=100.0,
        burst=9.0,
        tokens_per_minute=1000.0,
        max_concurrent=5,
        faults=((Fault.SERVER_ERROR, 0.2), (Fault.CUT, 0.1)),
        max_faults_a_request=2,
        hang_s=3.0,
        context_tokens=99,
        expected_key="k",
        outages=(Outage(1, 2), Outage(3, 4, How.REFUSED)),
        odds=Odds(bad_share=0.1, pass_if_bad=0.2, pass_if_good=0.9, doubt=0.7),
        doubted=("Mumbai", 'a "quoted" one', '"half'),
        progress_s=5.0,
    )


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--fault", "gremlins=0.2"], "--fault 'gremlins=0.2'"),
        (["--fault", "html"], "KIND=SHARE"),
        (["--fault", "html=0.7", "--fault", "cut=0.7"], "all together"),
        (["--fault", "html=-0.1"], "between 0 and 1"),
        (["--outage", "5"], "FROM:TO"),
        (["--outage", "5:2"], "not before"),
        (["--outage", "1:2:asleep"], "FROM:TO"),
        (["--requests-per-second", "0"], "above 0"),
        (["--latency-mean-s", "-1"], "above 0"),
        (["--bad-share", "1.5"], "between 0 and 1"),
    ],
)
def test_values_that_make_no_sense_are_refused_with_the_flag(flags: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        options(*flags)


def test_a_file_of_doubted_texts_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt"):
        options("--doubt", str(tmp_path / "none.txt"))
