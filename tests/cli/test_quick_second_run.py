from __future__ import annotations

import os
from pathlib import Path

from command_line import Desk, process
from evalfactory.settings import environment


def without_deepeval(folder: Path) -> dict[str, str]:
    """An environment in which DeepEval is installed and cannot be imported."""
    broken = folder / "broken" / "deepeval"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('deepeval was loaded')\n")
    before = environment().get("PYTHONPATH", "")
    return {"PYTHONPATH": f"{broken.parent}{os.pathsep}{before}"}


def test_a_run_that_reuses_every_score_loads_no_deepeval(desk: Desk, tmp_path: Path) -> None:
    again = process("run", "suite.yaml", "--json", "--quiet", cwd=desk.folder, env=without_deepeval(tmp_path))
    assert again.code == 0, again.err
    assert again.json["reused"] == again.json["planned"] == 40
    assert again.json["results_digest"] == desk.report("first")["results_digest"]


def test_a_deepeval_that_cannot_be_imported_ends_the_run_and_errs_no_case(desk: Desk, tmp_path: Path) -> None:
    broken = process(
        "run", "suite.yaml", "--fresh", "--run-id", "broken", cwd=desk.folder, env=without_deepeval(tmp_path)
    )
    assert broken.code == 78
    assert "DeepEval cannot be imported: deepeval was loaded" in broken.err
    status = desk("status", "broken", "--json").json
    assert (status["errored"], status["kept"], status["committed"]) == (0, 0, 0)
