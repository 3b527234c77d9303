"""The configurations that wrote rows, stored beside them in `<data_dir>/configs/<id>.json`."""

from __future__ import annotations

import json
from pathlib import Path

from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import Folder


def kept_settings(directory: Path, config_id: str) -> Document | None:
    """Return the settings of a configuration by published name, None where no file has them.

    The file is `{"settings": {…}}`, by dotted names or nested. A setting that it leaves out was at
    its default.
    """
    try:
        content = json.loads((directory / Folder.CONFIGS / f"{config_id}.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    settings = content.get("settings") if isinstance(content, dict) else None
    return settings if isinstance(settings, dict) else None
