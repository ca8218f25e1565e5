"""The app reads its own files as UTF-8, whatever the platform's encoding is."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import locale, sys
assert locale.getencoding() in ("US-ASCII", "ANSI_X3.4-1968", "ascii"), locale.getencoding()
assert not sys.flags.utf8_mode
from streamlit.runtime.context import ContextProxy
from tests.app_helpers import open_page
from ui.visitors.visitor import COOKIE
ContextProxy.cookies = {COOKIE: "alice"}
for page in ("overview", "components", "kumaraswamy", "latent"):
    at = open_page(page)
    assert not at.exception and not at.error, page
    shown = [element.value for element in (*at.markdown, *at.caption)]
    assert not any("\\u00e2" in text for text in shown), page  # UTF-8 that was read as Latin-1
"""


def test_pages_open_where_the_platforms_encoding_is_ascii() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
