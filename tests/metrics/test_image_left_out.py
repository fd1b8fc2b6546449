"""The container images leave out packages that DeepEval names and judging never imports."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from evalfactory.catalogue import catalogue
from evalfactory.settings import environment

ROOT = Path(__file__).parents[2]
LEFT_OUT = (ROOT / "image" / "left-out.txt").read_text().split()

MEASURES_ALL = """
import sys
from importlib.abc import MetaPathFinder

class LeftOut(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {hidden!r}:
            raise ModuleNotFoundError(f'{{name}} is left out', name=name)

sys.meta_path.insert(0, LeftOut())
sys.path[:0] = {paths!r}
import evalfactory.worker.single, evalfactory.storage.cloud
from evalfactory.catalogue import catalogue
from evalfactory.metrics.rehearsal import RehearsalJudge
from evalfactory.metrics.examples import single_case
from metric_lab import alone, arguments_of, bridged, conversation, recipe_of

for metric in catalogue().metrics:
    case = conversation(1) if metric.kind == 'conversation' else single_case(1)
    arguments = arguments_of(metric.name)[0][0]
    alone(bridged(recipe_of(metric.name, arguments, threshold=0.5), case, RehearsalJudge(0)))
    print(metric.name)
"""


def hidden_modules() -> list[str]:
    """The top-level modules of what is left out, and of nothing else."""
    distributions = packages_distributions()
    ours = {module for module, names in distributions.items() if {name.lower() for name in names} <= set(LEFT_OUT)}
    return sorted(ours - {"pkg_resources"})


def test_every_metric_is_measured_without_what_the_images_leave_out() -> None:
    hidden = hidden_modules()
    assert {"posthog", "grpc", "pytest", "pygments"} <= set(hidden)
    paths = [str(ROOT / "tests" / "metrics"), str(ROOT / "tests")]
    code = MEASURES_ALL.format(hidden=hidden, paths=paths)
    quiet = {name: value for name, value in environment().items() if not name.startswith(("PYTEST", "COV_"))}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=quiet)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [metric.name for metric in catalogue().metrics]


def test_the_lock_files_of_the_images_name_nothing_that_is_left_out() -> None:
    for name in ("worker", "full"):
        lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        named = {line.partition("==")[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}
        assert not named & set(LEFT_OUT)
        assert "deepeval" in named
