"""Modules of JavaScript joined into one script, since a page from the disk may not import any."""

import re
from pathlib import Path

WEB = Path(__file__).parent / "web"

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./([a-z]+)\.mjs";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


def joined(root: str) -> str:
    """A module with all that it imports, each once, in a scope of its own, before whoever imports it."""
    done: dict[str, str] = {}
    _add(root, done)
    return "\n".join(done.values())


def _add(name: str, done: dict[str, str]) -> None:
    if name in done:
        return
    text = (WEB / f"{name}.mjs").read_text(encoding="utf-8")
    for _, other in _IMPORT.findall(text):
        _add(other, done)
    exported = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub("", _IMPORT.sub(r"const \1 = module_\2;\n", text))
    done[name] = f"const module_{name} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"
