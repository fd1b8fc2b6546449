"""Takes the pictures of the page: the demo's last run in the light, in the dark, on a phone, and with a case opened.

    python docs/images/shoot.py [--comment FILE.html]

Runs the real demo in a fresh folder and opens what it made in the Chromium that is installed. `--comment` takes a picture
of another page too, `comment.png`: a pull-request comment as it is rendered.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CASE = "ja-cancel-shipped"


class Shot(NamedTuple):
    """One picture."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"
    link: str = ""
    scale: float = 1.5


SHOTS = (
    Shot("report-light.png", 1180, 1240),
    Shot("report-dark.png", 1180, 1240, "dark"),
    Shot("report-phone.png", 390, 844, scale=2),
    Shot("report-case.png", 1180, 900, link=f"#case={CASE}"),
)
COMMENT = Shot("comment.png", 920, 900)


def main() -> None:
    """Run, open, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comment", type=Path, metavar="FILE.html", help="a page with the comment, rendered")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page = demo(Path(folder))
        browser = driver.chromium.launch(executable_path=program(), args=["--no-sandbox"] if os.geteuid() == 0 else [])
        for shot in SHOTS:
            take(browser, page, shot)
        if arguments.comment:
            take(browser, arguments.comment.resolve(), COMMENT, whole=True)
        browser.close()


def demo(folder: Path) -> Path:
    """The page that the demo ends with."""
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns(".evalfactory"))
    command = Path(sys.executable).with_name("evalfactory")
    ran = subprocess.run(
        ["sh", "examples/demo.sh", str(command)], cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(next(line for line in ran.stdout.splitlines() if line.endswith("/report.html")))


def program() -> str:
    """The installed browser."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise SystemExit(f"no browser is installed: none of {', '.join(BROWSERS)}")
    return found


def take(browser: Browser, page: Path, shot: Shot, *, whole: bool = False) -> None:
    """Write the picture beside this script."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme=shot.scheme,
        device_scale_factor=shot.scale,
        reduced_motion="reduce",
    )
    shown = context.new_page()
    shown.goto(page.as_uri() + shot.link)
    shown.wait_for_load_state("networkidle")
    shown.screenshot(path=HERE / shot.name, full_page=whole)
    context.close()
    print(HERE / shot.name)


if __name__ == "__main__":
    main()
