"""Secrets are not in a recording, and what an app gives out itself is still known as such."""

from __future__ import annotations

import pytest

from localcloud.traffic import RecordedRequest, Recording, Source, Taken
from localcloud.traffic.masking import Masking, explain_masked, list_masked
from localcloud.traffic.values import FORM

SECRET = "hunter2-and-more"


def form(body: str, *taken: Taken) -> RecordedRequest:
    return RecordedRequest("/", "POST", headers=(("Content-Type", FORM),), body=body.encode(), taken=taken)


def get(target: str = "/", *headers: tuple[str, str]) -> RecordedRequest:
    return RecordedRequest(target, headers=headers)


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (get("/", ("Authorization", f"Bearer {SECRET}")), "header authorization"),
        (get("/", ("Authorization", SECRET)), "header authorization"),
        (get("/", ("Proxy-Authorization", f"Basic {SECRET}")), "header proxy-authorization"),
        (get("/", ("X-API-Key", SECRET)), "header x-api-key"),
        (get("/", ("X-Goog-Iap-Jwt-Assertion", SECRET)), "header x-goog-iap-jwt-assertion"),
        (get("/", ("Cookie", f"anything={SECRET}")), "cookie anything"),
        (get(f"/?access_token={SECRET}"), "access_token"),
        (get("/", ("Referer", f"/?apiKey={SECRET}")), "apiKey"),
        *(
            (form(f"user=ann&{name}={SECRET}"), name)
            for name in ("password", "new_password", "passwd", "pwd", "userPass", "pass", "client_secret", "cardNumber")
        ),
        *(
            (form(f"{name}={SECRET}"), name)
            for name in ("credit_card_number", "cvv", "PHPSESSID", "csrfmiddlewaretoken")
        ),
        (
            RecordedRequest(
                "/",
                "POST",
                headers=(("Content-Type", "application/json"),),
                body=f'{{"password":["{SECRET}"]}}'.encode(),
            ),
            "password",
        ),
    ],
)
def test_secret_is_masked_and_named(request_: RecordedRequest, name: str) -> None:
    masking = Masking()
    masked = masking.mask(request_)
    assert SECRET not in repr(masked)
    assert dict(masking.masked) == {name: 1}
    assert list_masked(masked) == [name]


@pytest.mark.parametrize(
    "request_",
    [
        form("passenger=Ann+Miller&compass=north&key=agxkZXZ-YXBw&author=Ann&session=5&text=my+password"),
        get("/monkey?keyword=token&sort=asc", ("Accept-Language", "de"), ("X-Requested-With", "XMLHttpRequest")),
    ],
)
def test_other_values_stay(request_: RecordedRequest) -> None:
    assert Masking().mask(request_) == request_


def test_secret_is_masked_wherever_it_is_sent_again() -> None:
    masking = Masking()
    assert (
        masking.mask(form(f"password={SECRET}&again={SECRET}&text=hi")).body == b"password=masked&again=masked&text=hi"
    )
    assert masking.mask(get(f"/check?word={SECRET}")).target == "/check?word=masked"


def test_ordinary_word_as_a_password_is_masked_in_its_place_alone() -> None:
    masking = Masking()
    masking.mask(form("password=admin"))
    assert masking.mask(get("/admin?user=admin")).target == "/admin?user=admin"


def test_secret_that_the_app_gave_out_keeps_its_source() -> None:
    masking = Masking()
    taken = Taken(SECRET, Source(1, "field", "csrf_token"))
    first = masking.mask(form(f"csrf_token={SECRET}&text=hi", taken))
    assert first == form("csrf_token=masked-1&text=hi", Taken("masked-1", taken.source))
    assert list_masked(first) == []
    assert not masking.masked
    # The page that gave it out is not in the recording.
    assert list_masked(masking.mask(form(f"csrf_token={SECRET}"))) == ["csrf_token"]
    other = Taken("5629499534213120", Source(1, "attribute", "/posts/*"))
    request = RecordedRequest("/posts/5629499534213120", taken=(other,))
    assert masking.mask(request) == request


def test_what_is_masked_is_told_with_its_requests() -> None:
    assert explain_masked(Recording((get(),))) == ""
    login = form("user=ann&password=masked")
    assert "password (request 2, 3)" in explain_masked(Recording((get(), login, login)))
