"""Reads the file a folder is deployed with (app.yaml, Dockerfile, Procfile, or a function's name) into a plan."""

from localcloud.launch.folder import read_plan

__all__ = ["read_plan"]
