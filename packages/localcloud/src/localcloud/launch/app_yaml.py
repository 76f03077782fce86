"""Read the YAML of an app.yaml, which App Engine and Buildpacks share."""

from __future__ import annotations

from pathlib import Path

from localcloud.deployment.errors import TextError
from localcloud.deployment.yaml_lines import YamlLines
from localcloud.launch.errors import FileError, read_text


def read_yaml(file: Path) -> YamlLines:
    """Return the keys of an app.yaml with their lines; raises UserError if it is not YAML or holds no key."""
    try:
        yaml = YamlLines(read_text(file))
    except TextError as error:
        raise FileError(file, error.line, f"not valid YAML: {error.problem}") from error
    if not yaml.keys:
        raise FileError(file, 1, 'there are no keys in it; write lines such as "runtime: python314"')
    return yaml
