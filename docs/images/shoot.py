"""Takes the pictures of the demo's last run: its page in the light, in the dark, on a phone, with a case opened; its comment.

    python docs/images/shoot.py

Runs the real demo in a fresh folder and opens what it made in the Chromium that is installed. The comment is what
`publish github --dry-run` prints, its Markdown rendered here in the likeness of GitHub's page.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple

from markdown_it import MarkdownIt
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
COMMAND = Path(sys.executable).with_name("evalfactory")
ALERTS = {"TIP": "#1a7f37", "IMPORTANT": "#8250df", "WARNING": "#9a6700", "CAUTION": "#cf222e"}
LOOKS = """
body { margin: 24px; font: 14px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #1f2328; background: #fff }
article { border: 1px solid #d1d9e0; border-radius: 6px; padding: 16px }
h2 { margin: 0 0 16px; padding-bottom: 6px; border-bottom: 1px solid #d1d9e0; font-size: 21px }
blockquote { margin: 0 0 16px; padding: 4px 16px; border-left: 4px solid #d1d9e0 }
blockquote p { margin: 4px 0 } ul { padding-left: 24px }
table { border-collapse: collapse; margin-bottom: 16px } th, td { border: 1px solid #d1d9e0; padding: 5px 10px }
code { background: #818b981f; border-radius: 6px; padding: 2px 5px; font-size: 12px }
summary { cursor: pointer }
"""


def main() -> None:
    """Run, open, take the pictures."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        folder = Path(name)
        page = demo(folder)
        browser = driver.chromium.launch(executable_path=program(), args=["--no-sandbox"] if os.geteuid() == 0 else [])
        for shot in SHOTS:
            take(browser, page, shot)
        take(browser, comment(folder), COMMENT, whole=True)
        browser.close()


def comment(folder: Path) -> Path:
    """A page with the comment about the demo's last run."""
    store = folder / "examples" / "support" / ".evalfactory"
    told = subprocess.run(
        [str(COMMAND), "publish", "github", "latest", "--dry-run", "--store", str(store)],
        stdout=subprocess.PIPE, text=True, check=True,
    ).stdout  # fmt: skip
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(re.sub(r"\[!([A-Z]+)\]", r"**\1**  ", told))
    coloured = re.sub(r"<blockquote>(?=\s*<p><strong>([A-Z]+)<)", _bordered, shown)
    page = folder / "comment.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><style>{LOOKS}</style><article>{coloured}</article>")
    return page


def _bordered(alert: re.Match[str]) -> str:
    return f'<blockquote style="border-color: {ALERTS[alert[1]]}">'


def demo(folder: Path) -> Path:
    """The page that the demo ends with."""
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns(".evalfactory"))
    ran = subprocess.run(
        ["sh", "examples/demo.sh", str(COMMAND)], cwd=folder, stdout=subprocess.PIPE, text=True, check=True
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
