"""Native modules of which everything is taken that no loader maps are the same modules."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SLIM = Path(__file__).parents[2] / "image" / "slim.py"


def test_slimmed_modules_are_smaller_and_load(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux has these modules")
    for name in ("zstandard", "uvloop"):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, tmp_path / name)
    (tmp_path / "zstandard" / "tests").mkdir()
    (tmp_path / "zstandard" / "tests" / "test_it.py").touch()
    before = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    subprocess.run([sys.executable, SLIM, tmp_path], check=True, capture_output=True)
    after = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert after < before
    assert not (tmp_path / "zstandard" / "tests").exists()
    code = "import zstandard, uvloop; print(zstandard.__file__, zstandard.decompress(zstandard.compress(b'x' * 9)))"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(tmp_path)}
    )
    assert str(tmp_path) in told.stdout
    assert "xxxxxxxxx" in told.stdout
