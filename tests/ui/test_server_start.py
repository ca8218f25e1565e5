"""What a server's process does before it is asked for a page, and with one, where the platform's encoding is ASCII."""

import os
import subprocess
import sys

import pytest

from tests.import_helpers import ROOT, file_imports, files, tops

PROGRAM = """
import dlgmm_core.commands.table, sys
print("scipy" in sys.modules)
import app, locale, {modules}
print({{"openTSNE", "sklearn", "scipy.optimize", "scipy.stats"}} & {{*sys.modules}})

assert locale.getencoding() in ("US-ASCII", "ANSI_X3.4-1968", "ascii"), locale.getencoding()
assert not sys.flags.utf8_mode
from streamlit.runtime.context import ContextProxy
from tests.app_helpers import open_page
from ui.visitors.visitor import COOKIE
ContextProxy.cookies = {{COOKIE: "alice"}}
for page in ("overview", "components", "kumaraswamy", "latent"):
    at = open_page(page)
    assert not at.exception and not at.error, page
    shown = [element.value for element in (*at.markdown, *at.caption)]
    assert not any("\\u00e2" in text for text in shown), page  # UTF-8 that was read as Latin-1
"""


@pytest.fixture(scope="module")
def server() -> subprocess.CompletedProcess[str]:
    """A process that has imported every command, and what pages do, and then opens pages."""
    used = {name for path in files("pages") for name in file_imports(path) if tops({name}) & {"ui", "dlgmm_core"}}
    modules = {name for name in used if (ROOT / name.replace(".", "/")).with_suffix(".py").exists()}
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM.format(modules=", ".join(sorted(modules)))]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8")


def test_no_command_loads_scipy_and_no_page_what_fits_maps_before_it_is_needed(
    server: subprocess.CompletedProcess[str],
) -> None:
    of_commands, of_pages = server.stdout.splitlines()
    assert of_commands == "False", "it takes a tenth of the time until a command starts"
    assert of_pages == "set()", "they take a third of the time until a server starts, and 60 MB"


def test_pages_open_where_the_platforms_encoding_is_ascii(server: subprocess.CompletedProcess[str]) -> None:
    assert server.returncode == 0, server.stderr[-2000:]
