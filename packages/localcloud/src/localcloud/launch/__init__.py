"""Read a folder into a launch plan: what its platform would start, and with which packages and environment.

`folder`: choose the platform by the files of the folder, and hand over to one of the four below.
`app_engine`: app.yaml, with `handlers`, their regular expressions in `patterns`, and `python27_libraries`.
`services`: the files of an app's services, and `dispatch`, the rules of dispatch.yaml.
`container`: a Dockerfile, with `image_files` for what it copies and `pip_install` for what its RUN installs.
`buildpacks`: a Procfile, another entrypoint, or the default server.
`function`: one function of main.py, which `python_source` finds.
`packages`: requirements.txt and the files that it includes.
`plan`: the launch plan itself. `errors`: errors by file and line; `google_parser`: those of App Engine's own parsers.

The files are read by `localcloud.deployment`; what can be run from them is decided here.
"""

from localcloud.launch.folder import read_plan

__all__ = ["read_plan"]
