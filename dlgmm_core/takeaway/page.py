"""The page that can be taken away: a template, its style and scripts, and models, in one HTML file.

Nothing is loaded from anywhere: a policy in the file (Content-Security-Policy) allows the one style and the one script
that it contains, by their digests, and nothing else.
"""

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Any
from urllib.parse import urlsplit

from dlgmm_core.checks import ConfigError

__all__ = ["MOST_MODELS", "page_bytes", "require_page", "script_text"]

MOST_MODELS = 4
_SCRIPTS = ("model", "mixture", "unpack", "state", "components", "pen", "prepare", "digit", "plane", "page")


def script_text(name: str) -> str:
    """One of the page's scripts, by its name without ending."""
    return _text(f"scripts/{name}.js")


def page_bytes(models: Sequence[dict[str, Any]], link: str | None = None) -> bytes:
    """The file, in UTF-8.

    Args:
        models: of `contents_of`, one to MOST_MODELS.
        link: address of the project or of the app, which the page links to, if it is to link to one.

    Raises:
        ConfigError: for another number of models, or a link that is not a web address.
    """
    require_page(len(models), link)
    script = "\n".join(['"use strict";', *map(script_text, _SCRIPTS)])
    style = _text("page.css")
    text = Template(_text("page.html")).substitute(
        title=html.escape(f"{', '.join(model['name'] for model in models)}: deep latent Gaussian mixtures"),
        policy=f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; base-uri 'none';"
        " form-action 'none'",
        style=style,
        script=script,
        models=json.dumps(list(models), ensure_ascii=False).replace("<", "\\u003c"),
        link=f'<a href="{html.escape(link)}">The whole app</a>' if link else "",
    )
    return text.encode()


def require_page(models: int, link: str | None) -> None:
    """Checks, before models are read, how many there are and what the page links to; see `page_bytes`.

    Raises:
        ConfigError: for another number of models, or a link that is not a web address.
    """
    if not 1 <= models <= MOST_MODELS:
        raise ConfigError(f"An HTML file holds 1 to {MOST_MODELS} models, not {models}: choose fewer.")
    if link is not None and not _is_web_address(link):
        raise ConfigError(f"The link {link[:100]!r} is not a web address: give one such as https://example.org/course.")


def _is_web_address(link: str) -> bool:
    try:
        parts = urlsplit(link)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:  # as for brackets that do not close, or a port that is no number
        return False
    return valid and parts.scheme in ("http", "https") and link.isprintable() and " " not in link


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(name: str) -> str:
    return (files("dlgmm_core.takeaway") / name).read_text(encoding="utf-8")
