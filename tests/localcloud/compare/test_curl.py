"""The curl line of a report repeats a request in a shell."""

from __future__ import annotations

import pytest

from localcloud.compare.curl import curl_line
from localcloud.traffic import RecordedRequest
from localcloud.traffic.headers import complete_headers

URL = "http://localhost:8080"
COOKIES = "--cookie cookies.txt --cookie-jar cookies.txt"
END = f"{COOKIES} {URL}"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (
            RecordedRequest("/a?b=c"),
            f"curl --include --path-as-is --cookie cookies.txt --cookie-jar cookies.txt '{URL}/a?b=c'",
        ),
        (
            RecordedRequest("/", headers=(("Referer", "http://localhost:44667/a"), ("Origin", "https://example.com"))),
            f"curl --include --path-as-is --header 'Referer: {URL}/a' --header 'Origin: https://example.com' {END}/",
        ),
        (RecordedRequest("/", "HEAD"), f"curl --include --path-as-is --head {END}/"),
        (RecordedRequest("/", "PUT"), f"curl --include --path-as-is --request PUT {END}/"),
        (
            RecordedRequest("/sign", "POST", headers=FORM, body=b"a=it's"),
            "curl --include --path-as-is --header 'Content-Type: application/x-www-form-urlencoded' "
            f"""--data-raw 'a=it'"'"'s' {END}/sign""",
        ),
        (
            RecordedRequest("/", "POST", body=b"\x89PNG\0"),
            f"curl --include --path-as-is --data-binary @body {END}/  # body: a file with the 5 bytes of the recording",
        ),
    ],
)
def test_line_has_what_the_app_is_sent(request_: RecordedRequest, line: str) -> None:
    assert curl_line(complete_headers(request_), URL) == line


def test_line_for_no_user_agent_says_so() -> None:
    assert "--header User-Agent:" in curl_line(RecordedRequest("/"), URL)
