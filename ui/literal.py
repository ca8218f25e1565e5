"""Text of visitors on pages, as it is: Streamlit reads Markdown, and more, in whatever a page says.

Names of classes and files may hold anything. A model's owner chose its classes' names, and others read them.
"""

import re

__all__ = ["literal", "sentence"]

_MARKUP = re.compile(r"[\\`*_\[\]<>~$&]|:(?=\w)|^[-+#=]|(?<=^\d)[.)]")  # of Markdown, HTML, LaTeX and directives
_DRAWN = re.compile(r"(?<=[-<>=~])(?=[-<>=])|(?<=:)(?=[\w+/-]+:)")  # into arrows and icons: ->, :cat:
_LINKED = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
_JOINER = "\u2060"  # has no width and breaks no line


def literal(text: str) -> str:
    """Markdown that shows a text as it is, without links."""
    return sentence(_LINKED.sub(_JOINER, text))


def sentence(message: object) -> str:
    """The same of an error or a message of this program, in which addresses may be followed."""
    return _MARKUP.sub(r"\\\g<0>", _DRAWN.sub(_JOINER, str(message)))
