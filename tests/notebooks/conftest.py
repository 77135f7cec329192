"""What a notebook's kernel brings along, and what every notebook promises."""

import sys
import types
from pathlib import Path

import pytest


@pytest.fixture
def shown(monkeypatch):
    """Stands in for IPython's display, which a kernel brings along, and keeps what was shown."""
    things = []
    module = types.ModuleType("IPython.display")

    def medium(kind):
        def make(text=None, *, filename=None):
            if filename is not None:
                assert Path(filename).stat().st_size > 0
            return kind, text or Path(filename).name

        return make

    module.display = things.append
    for kind in ("Audio", "Image", "Markdown"):
        setattr(module, kind, medium(kind))
    parent = types.ModuleType("IPython")
    parent.version_info = (9, 0)  # Matplotlib asks for it, and for a shell, of which there is none
    parent.get_ipython = lambda: None
    monkeypatch.setitem(sys.modules, "IPython", parent)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return things
