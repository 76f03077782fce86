"""Apps that run only because of what a Dockerfile makes besides their packages, and one that is static files alone."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from localcloud.cloud import Cloud
from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app

SERVER = """
import http.server, os, greeting
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(greeting.TEXT.encode())
http.server.HTTPServer(("", int(os.environ["PORT"])), Page).serve_forever()
"""
DOCKERFILE = """FROM python:3-slim
WORKDIR /app
RUN adduser --gecos "" app && mkdir -p bin
ENV PYTHONPATH=/app/src
COPY start.sh bin/
COPY main.py .
COPY src src
RUN chmod +x bin/start.sh
USER app
CMD ["./bin/start.sh"]
"""


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_dockerfile_with_folders_rights_and_import_path_runs(tmp_path):
    files = {"Dockerfile": DOCKERFILE, "main.py": SERVER, "src/greeting.py": "TEXT = 'found'\n"}
    files["start.sh"] = "#!/bin/sh\nexec python main.py\n"
    with Cloud() as cloud:
        app = cloud.add(write(tmp_path, files))
        app.start()
        with urllib.request.urlopen(app.url, timeout=DEADLINE) as page:
            assert page.read() == b"found"


def test_static_handlers_alone_are_served_without_an_app(tmp_path):
    text = "runtime: python314\nhandlers:\n- url: /(.*)\n  static_files: www/\\1\n  upload: www/.*\n"
    with Cloud() as cloud:
        app = cloud.add(write(tmp_path, {"app.yaml": text, "www/a.txt": "static"}))
        cloud.start()
        with urllib.request.urlopen(f"{app.url}/a.txt", timeout=DEADLINE) as page:
            assert page.read() == b"static"
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"{app.url}/b.txt", timeout=DEADLINE)
        missing.value.close()
        assert missing.value.code == 404
        assert app.processes() == set()
