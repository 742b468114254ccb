"""Every message of the package, as its source has it; and which of them name a remedy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import deap_nas

PACKAGE = Path(deap_nas.__file__).parent
# What follows a semicolon or a colon where somebody is told what to do.
REMEDY = re.compile(
    r"[;:] (add|allow|apt-get|begin|call|change|check|correct|define|delete|evaluate|give|image|in "
    r"your|label|leave|list|lower|make|measure|mend|name|number|one of your own|pip|put|raise|"
    r"resize|resume|start|store|to minimise|try|turn|use|wait|write)\b"
    r"|; \{|or try|; a (new run|layer of your own)"
)


@dataclass(frozen=True)
class Message:
    """A message with ``{}`` for what it is told when it is raised."""

    module: str
    text: str

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(".*?".join(map(re.escape, self.text.split("{}"))), re.DOTALL)

    @property
    def names_a_remedy(self) -> bool:
        return REMEDY.search(self.text) is not None


def messages() -> Iterator[Message]:
    """What is raised, or warned of, anywhere but in the kit that tests operators."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = str(path.relative_to(PACKAGE).with_suffix(""))
        if module.startswith("testing/"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (call := _telling(node)) and call.args and (text := _text(call.args[0])):
                yield Message(module, text)


def _telling(node: ast.AST) -> ast.Call | None:
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        return node.exc
    warns = isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn"
    return node if warns and isinstance(node, ast.Call) else None


def _text(node: ast.expr) -> str:
    """A string's text; "" for what is none, or all of which is told when it is raised."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts = [str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values]
    text = "".join(parts)
    return text if text.replace("{}", "").strip(" :;,'") else ""
