"""What a run was told, read from its directory; written by runs of before, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deap_nas.files import read_text
from deap_nas.runs.directory import RunDirectory

# What a run did that does not name the setting, since it is older than that; others as by default.
EARLIER = {"algorithm": "generational", "finalists": 0, "learns": "fitness", "first": "drawn"}
# What may change between a run and its resumption, since no result depends on it: of the data their
# fingerprint is compared, not where they lie.
# A file of layers is told by its hash.
FREE = ("workers", "backend", "scheduler", "cache", "data_dir", "dataset", "layers")
PARTS = ("preset", "settings", "recipe", "space", "data", "machine")


class ConfigError(ValueError):
    """A run's configuration is not there, or is none; the message says which."""


def read_config(folder: Path) -> dict[str, Any]:
    """The configuration of a run: settings, recipe, space, data, versions, machine.

    Raises:
        ConfigError: if there is none, or it is damaged.
    """
    path = RunDirectory(folder).config
    try:
        config = json.loads(read_text(path))
    except OSError:
        raise ConfigError(f"no {path.name}") from None
    except ValueError as error:
        raise ConfigError(f"{path.name} is damaged: {error}") from None
    if not isinstance(config, dict) or not config.keys() >= {*PARTS}:
        raise ConfigError(f"{path.name} is damaged: it lacks one of {', '.join(PARTS)}")
    if not isinstance(config["settings"], dict):
        raise ConfigError(f"{path.name} is damaged: settings {config['settings']!r}")
    limited = any(config["space"].get(name) for name in ("max_ram", "max_flash"))
    earlier = EARLIER | ({"int8": False} if limited else {})
    return {**config, "settings": {**earlier, **config["settings"]}}
