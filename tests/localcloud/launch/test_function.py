"""A folder with a function, for Cloud Run functions."""

import pytest

ONLY = "only {}; name one with --function NAME"
NONE = "nor another one that takes a request; write one"
MAIN = "def visitme(request):\n    return 'hello'\n"


def test_a_function_is_served_by_the_functions_framework(read):
    plan = read({"main.py": MAIN}, function="visitme")
    assert plan.command == ("/bin/sh", "-c", "exec functions-framework --target visitme --port $PORT")


def test_the_platforms_variables_name_the_function(read):
    plan = read({"main.py": MAIN}, function="visitme")
    assert plan.environment == {"FUNCTION_TARGET": "visitme", "FUNCTION_SIGNATURE_TYPE": "http"}


def test_functions_framework_is_added_when_requirements_lack_it(read):
    plan = read({"main.py": MAIN, "requirements.txt": "google-cloud-ndb\n"}, function="visitme")
    assert plan.packages == ("functions-framework",)


@pytest.mark.parametrize(
    "line",
    [
        "functions-framework==3.10.1",
        "functions_framework >= 3 ; python_version > '3'",
        "Functions.Framework",
        "git+https://localhost/ff.git#egg=functions-framework",
    ],
)
def test_functions_framework_in_requirements_is_left_as_it_is(read, line):
    plan = read({"main.py": MAIN, "requirements.txt": f"flask\n{line}\n"}, function="visitme")
    assert plan.packages == ()


@pytest.mark.parametrize(
    "source",
    [
        "async def visitme(request): ...",
        "visitme = make()",
        "visitme: object = make()",
        "from views import visitme",
        "from views import index as visitme",
        "if True:\n    def visitme(request): ...",
        "try:\n    import fast as visitme\nexcept ImportError:\n    visitme = None",
        "from views import *",
        "this is no Python 3, or a newer one",
    ],
)
def test_function_may_be_bound_in_any_way(read, source):
    assert read({"main.py": source}, function="visitme").function == "visitme"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def hello(request): ...\ndef store(a, b): ...\ndef fetch(limit): ...\n", ONLY.format("hello, fetch")),
        ("import functions_framework\n@functions_framework.http\ndef hello(*args): ...\n", ONLY.format("hello")),
        ("@app.route('/')\ndef hello(name): ...\n", NONE),
        ("class View:\n    def visitme(request): ...\n", NONE),
        ("def outer():\n    def visitme(request): ...\n", NONE),
        ("print(visitme)\n", NONE),
        ("", NONE),
    ],
)
def test_missing_function_is_reported_with_the_functions_found(refusal, source, found):
    assert refusal({"main.py": source}, function="visitme") == (
        f'main.py: there is no function "visitme" in it, {found}'
    )


def test_a_functions_name_never_reaches_the_shell_as_anything_else(refusal):
    assert 'there is no function "visitme; ls"' in refusal({"main.py": "from views import *"}, function="visitme; ls")


def test_a_folder_without_main_py_has_no_function(refusal):
    assert refusal({"README.md": ""}, function="visitme") == (
        "main.py: there is no such file; write the function visitme into it"
    )


FRAMEWORK = "import functions_framework\n"


@pytest.mark.parametrize(
    ("source", "signature_type"),
    [
        (FRAMEWORK + "@functions_framework.http\ndef hello(*args): ...\n", "http"),
        (FRAMEWORK + "@functions_framework.cloud_event\ndef hello(event): ...\n", "cloudevent"),
        (FRAMEWORK + "@functions_framework.typed(Person)\ndef hello(person): ...\n", "typed"),
        (FRAMEWORK + "@functions_framework.typed\ndef hello(person: Person): ...\n", "typed"),
        ("import functions_framework as ff\n@ff.cloud_event\ndef hello(event): ...\n", "cloudevent"),
        ("from functions_framework import cloud_event as ce\n@ce\ndef hello(event): ...\n", "cloudevent"),
        ("from functions_framework import aio\n@aio.cloud_event\nasync def hello(event): ...\n", "cloudevent"),
        ("def hello(event, context): ...\n", "event"),
        ("def hello(data, _): ...\n", "event"),
        ("def hello(cloudevent): ...\n", "cloudevent"),
        ("def hello(cloud_event): ...\n", "cloudevent"),
        ("def hello(event: CloudEvent): ...\n", "cloudevent"),
        ("def hello(event: 'http.CloudEvent'): ...\n", "cloudevent"),
        ("@traced\ndef hello(cloud_event): ...\n", "cloudevent"),
        ("def hello(event): ...\n", "http"),
        ("def hello(request, name='Ann'): ...\n", "http"),
        ("def hello(*args): ...\n", "http"),
        ("@traced\ndef hello(request, user): ...\n", "http"),
        ("@traced\ndef hello(event, unused_context): ...\n", "event"),
        ("from views import hello\n", "http"),
    ],
)
def test_signature_type_is_that_of_the_decorator_or_the_arguments(read, source, signature_type):
    plan = read({"main.py": source}, function="hello")
    assert plan.environment["FUNCTION_SIGNATURE_TYPE"] == signature_type


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("def hello(event): ...\n", "cloudevent"),
        ("def hello(*args): ...\n", "event"),
        ("from views import hello\n", "event"),
        ("@traced\ndef hello(event): ...\n", "cloudevent"),
        (FRAMEWORK + "@functions_framework.cloud_event\ndef hello(event): ...\n", "cloudevent"),
    ],
)
def test_signature_type_can_be_given(read, source, asked):
    plan = read({"main.py": source}, function="hello", signature_type=asked)
    assert plan.environment["FUNCTION_SIGNATURE_TYPE"] == asked


def test_builders_variables_give_signature_type_and_source(read, monkeypatch):
    monkeypatch.setenv("GOOGLE_FUNCTION_SIGNATURE_TYPE", "cloudevent")
    monkeypatch.setenv("GOOGLE_FUNCTION_SOURCE", "events/hello.py")
    environment = read({"events/hello.py": "def hello(event): ...\n"}, function="hello").environment
    assert environment["FUNCTION_SIGNATURE_TYPE"] == "cloudevent"
    assert environment["FUNCTION_SOURCE"] == "events/hello.py"


def test_unknown_signature_type_in_variable_is_refused(refusal, monkeypatch):
    monkeypatch.setenv("GOOGLE_FUNCTION_SIGNATURE_TYPE", "pubsub")
    assert refusal({"main.py": "def hello(event): ...\n"}, function="hello") == (
        'GOOGLE_FUNCTION_SIGNATURE_TYPE: "pubsub" is no signature type; set one of http, event, cloudevent, typed'
    )


def test_option_for_the_source_beats_the_variable(read, monkeypatch):
    monkeypatch.setenv("GOOGLE_FUNCTION_SOURCE", "other.py")
    plan = read({"fn.py": MAIN}, function="visitme", source="fn.py")
    assert (plan.source.name, plan.environment["FUNCTION_SOURCE"]) == ("fn.py", "fn.py")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("fn.py", "fn.py: there is no such file; write the function hello into it"),
        ("../fn.py", 'app: the function\'s source "../fn.py" does not stay in its folder: it contains ".."'),
    ],
)
def test_source_that_is_no_file_of_the_folder_is_refused(refusal, source, message):
    assert refusal({"main.py": "def hello(request): ...\n"}, function="hello", source=source) == message


def test_functions_of_the_named_source_are_listed(refusal):
    assert refusal({"fn.py": MAIN}, platform="functions", source="fn.py").endswith(
        "--function NAME with one of visitme"
    )


@pytest.mark.parametrize(
    ("source", "asked", "message"),
    [
        (
            "def hello(event, context): ...\n",
            "http",
            "main.py:1: hello cannot be called with the request alone, as a function of the signature type http is; "
            "leave --signature-type out, or change the arguments",
        ),
        (
            "def hello(event): ...\n",
            "event",
            "main.py:1: hello cannot be called with the event's data and its context alone, as a function of the "
            "signature type event is; leave --signature-type out, or change the arguments",
        ),
        (
            "\ndef hello(request, *, user): ...\n",
            None,
            "main.py:2: hello cannot be called with the request alone, as a function of the signature type http is; "
            "change the arguments",
        ),
        (
            FRAMEWORK + "@functions_framework.cloud_event\ndef hello(event): ...\n",
            "event",
            "main.py:3: the decorator of hello makes it a function of the signature type cloudevent, which beats "
            "event; leave --signature-type out, or remove the decorator",
        ),
        (
            "def hello(person): ...\n",
            "typed",
            "main.py:1: hello needs the decorator @functions_framework.typed, which says what it takes",
        ),
    ],
)
def test_wrong_signature_is_refused(refusal, source, asked, message):
    assert refusal({"main.py": source}, function="hello", signature_type=asked) == message


def test_functions_that_take_events_are_offered(refusal):
    source = (
        FRAMEWORK
        + "@functions_framework.cloud_event\ndef first(e): ...\ndef second(data, ctx): ...\ndef add(a, b): ..."
    )
    assert refusal({"main.py": source}).endswith("pass --function NAME with one of first, second")
