"""For the reference: docstrings have examples and pictures after a double colon, as
reStructuredText does; Markdown would show the colons."""

from typing import Any

import griffe


class Pictures(griffe.Extension):
    """Takes the colons away; the indented lines after them are code in Markdown, too."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = obj.docstring.value.replace(" ::\n\n", "\n\n")
