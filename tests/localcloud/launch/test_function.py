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


@pytest.mark.parametrize(
    "source",
    [
        "import functions_framework\n@functions_framework.cloud_event\ndef hello(cloud_event): ...\n",
        "def hello(event, context): ...\n",
    ],
)
@pytest.mark.parametrize("function", ["hello", None])
def test_a_function_that_takes_events_is_refused_by_name(refusal, source, function):
    message = refusal({"main.py": source}, function=function)
    assert message.startswith("main.py: hello takes events, which localcloud does not deliver")
