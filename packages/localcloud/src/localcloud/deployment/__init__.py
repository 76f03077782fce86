"""Readers of the files that say how a folder is deployed. Each takes a text and returns plain data with line numbers.

The launcher (`localcloud.launch`) makes launch plans of this data, and `codelab check` makes facts of it, so that both
read a file in the same way. No reader decides what can be run. One that cannot read a text raises `TextError`.

`errors`: TextError.
`yaml_lines`: app.yaml and other YAML files of settings. It takes a tenth of a second to import.
`dockerfile`: the instructions of a Dockerfile, its base image and its start command.
`procfile`: the processes of a Procfile.
`requirements`: the packages and options of requirements.txt.
`python_version`: the version in .python-version or runtime.txt.
"""

from localcloud.deployment.errors import TextError

__all__ = ["TextError"]
