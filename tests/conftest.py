"""What holds for every test: laws are not timed, a loaded machine must not fail them."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["desks", "line_fixtures"]

settings.register_profile("evalfactory", deadline=None)
settings.load_profile("evalfactory")
