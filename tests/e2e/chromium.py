"""The browser of the end-to-end tests."""

import shutil
from pathlib import Path
from typing import Final

FLAGS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE: Final = (Path(__file__).parents[2] / "client/web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def chromium() -> str:
    """Where the system's Chromium is; `make test` sees to it that there is one."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found is not None, "there is no Chromium: run tests/e2e/install-browser.sh"
    return found
