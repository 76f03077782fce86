"""Dockerfiles split into instructions as BuildKit splits them."""

from __future__ import annotations

import pytest

from localcloud.deployment import TextError
from localcloud.deployment.dockerfile import Heredoc, Instruction, Variables, read_dockerfile


def instructions(text: str) -> list[tuple[int, str, str]]:
    return [(each.line, each.name, each.value) for each in read_dockerfile(text).instructions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("# only\n\n  # comments\n", [], id="comments"),
        pytest.param("\n\nfrom python\n", [(3, "FROM", "python")], id="lower case"),
        pytest.param("RUN a # b\n", [(1, "RUN", "a # b")], id="# inside a line"),
        pytest.param("RUN a \\\n\n# c\n  b\nCMD c", [(1, "RUN", "a   b"), (5, "CMD", "c")], id="continued"),
        pytest.param("RUN a \\", [(1, "RUN", "a")], id="continued by nothing"),
        pytest.param("\\\nRUN a\n", [(1, "RUN", "a")], id="a backslash alone"),
        pytest.param("RUN\\\n a\n", [(1, "RUN", "a")], id="continued behind the name"),
        pytest.param("RUN a\\\\\nCMD b\n", [(1, "RUN", "a\\\\"), (2, "CMD", "b")], id="an escaped backslash"),
        pytest.param("RUN a \\ b\n", [(1, "RUN", "a \\ b")], id="a backslash inside a line"),
        pytest.param("WORKDIR\n", [(1, "WORKDIR", "")], id="no value"),
        pytest.param("RUN\ta\n", [(1, "RUN", "a")], id="a tab"),
        pytest.param("# escape=`\nRUN a `\n b\\\nCMD c", [(2, "RUN", "a  b\\"), (4, "CMD", "c")], id="backtick"),
        pytest.param("# c\n# escape=`\nRUN a `\nCMD c", [(3, "RUN", "a `"), (4, "CMD", "c")], id="late directive"),
        pytest.param("\n# escape=`\nRUN a `\nCMD c", [(3, "RUN", "a `"), (4, "CMD", "c")], id="behind an empty line"),
        pytest.param("# unknown=1\n# escape=`\nRUN a `\nCMD c", [(3, "RUN", "a `"), (4, "CMD", "c")], id="unknown"),
        pytest.param("#  EsCaPe = ` \nRUN a `\n b", [(2, "RUN", "a  b")], id="spaces and capitals in a directive"),
    ],
)
def test_instructions_are_split_with_their_lines(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert instructions(text) == expected


@pytest.mark.parametrize(
    ("text", "heredocs"),
    [
        pytest.param("RUN <<EOF\na\nEOF\n", [("EOF", "a\n")], id="RUN"),
        pytest.param("COPY <<EOF /a\nFROM x\n# b\n\nEOF\n", [("EOF", "FROM x\n# b\n\n")], id="any lines"),
        pytest.param("ADD <<a <<b /c\n1\na\n2\nb\n", [("a", "1\n"), ("b", "2\n")], id="two"),
        pytest.param("RUN <<X cat <<Y\nY\nX\nX\nY\n", [("X", "Y\n"), ("Y", "X\n")], id="two that name each other"),
        pytest.param("RUN <<-EOF\n\ta\n\tEOF\n", [("EOF", "a\n")], id="without tabs"),
        pytest.param("RUN <<EOF\n\tEOF\nEOF\n", [("EOF", "\tEOF\n")], id="tabs count"),
        pytest.param("RUN <<'E F'\na\nE F\n", [("E F", "a\n")], id="single quotes"),
        pytest.param('RUN <<E"O"F\na\nEOF\n', [("EOF", "a\n")], id="double quotes"),
        pytest.param("RUN <<E\\'F\na\nE'F\n", [("E'F", "a\n")], id="an escaped quote"),
        pytest.param("RUN << EOF > a\nb\nEOF\n", [("EOF", "b\n")], id="a space"),
        pytest.param("RUN 3<<EOF\nb\nEOF\n", [("EOF", "b\n")], id="a file descriptor"),
        pytest.param("RUN --mount=type=cache,target=/a <<EOF\nb\nEOF\n", [("EOF", "b\n")], id="behind an option"),
        pytest.param("RUN a \\\n <<EOF\nb\nEOF\n", [("EOF", "b\n")], id="on a continued line"),
        pytest.param("RUN <<EOF\r\na\r\nEOF\r\n", [("EOF", "a\n")], id="Windows line ends"),
        pytest.param("ONBUILD RUN <<EOF\na\nEOF\n", [("EOF", "a\n")], id="ONBUILD"),
        pytest.param("RUN <<EOF", None, id="no line follows"),
        pytest.param("RUN '<<EOF'\n", [], id="quoted"),
        pytest.param("RUN a<<EOF\n", [], id="inside a word"),
        pytest.param("RUN echo $((1<<2))\n", [], id="a shift"),
        pytest.param("RUN a <<<b\n", [], id="a here-string"),
        pytest.param('RUN ["<<EOF"]\n', [], id="a list"),
        pytest.param("RUN it's <<EOF\n", [], id="an open quote"),
        pytest.param("CMD <<EOF\n", [], id="CMD"),
        pytest.param("USER <<EOF\n", [], id="USER"),
    ],
)
def test_heredocs_are_part_of_their_instruction(text: str, heredocs: list[tuple[str, str]] | None) -> None:
    if heredocs is None:
        with pytest.raises(TextError, match='the here-document has no end; add a line with "EOF" alone'):
            read_dockerfile(text)
        return
    first, last = read_dockerfile(f"{text}LABEL last\n").instructions
    assert list(first.heredocs) == [Heredoc(name, content) for name, content in heredocs]
    assert (last.name, last.line) == ("LABEL", text.count("\n") + 1)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("# escape=x\n", 1, '"x" cannot be the escape character; write escape=\\ or escape=`'),
        ("# syntax=a\n# syntax=b\n", 2, 'the parser directive "syntax" appears twice; remove one'),
        ("FROM a\n\nRUN <<EOF\na\n", 3, 'the here-document has no end; add a line with "EOF" alone'),
    ],
)
def test_dockerfile_that_docker_refuses_is_refused_with_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(TextError) as caught:
        read_dockerfile(text)
    assert (caught.value.line, caught.value.problem) == (line, problem)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('["a", "b c"]', ("a", "b c")),
        ("[]", ()),
        ("a b", None),
        ("['a']", None),
        ('["a", 1]', None),
        ("[" * 70_000, None),
    ],
)
def test_words_of_exec_form(value: str, words: tuple[str, ...] | None) -> None:
    assert Instruction(1, "CMD", value).words == words


@pytest.mark.parametrize(
    ("text", "words", "lines"),
    [
        ("", (), []),
        ('CMD ["a"]\n', ("a",), [1]),
        ("CMD a $B\n", ("/bin/sh", "-c", "a $B"), [1]),
        ('CMD ["b"]\nENTRYPOINT ["a"]\n', ("a", "b"), [2, 1]),
        ('ENTRYPOINT a\nCMD ["b"]\n', ("/bin/sh", "-c", "a"), [1]),
        ('ENTRYPOINT ["a"]\nCMD b\n', ("a", "/bin/sh", "-c", "b"), [1, 2]),
        ('CMD ["a"]\nCMD ["b"]\n', ("b",), [2]),
        ('ENTRYPOINT a\nENTRYPOINT []\nCMD ["b"]\n', ("b",), [2, 3]),
    ],
)
def test_start_command_combines_entrypoint_and_cmd(text: str, words: tuple[str, ...], lines: list[int]) -> None:
    start = read_dockerfile(text).find_start_command()
    assert (start.words, [part.line for part, _ in start.parts]) == (words, lines)


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("FROM python:3.14\n", "python:3.14"),
        ("FROM --platform=linux/amd64 python AS app\n", "python"),
        ("ARG A=3 B=$A.14\nFROM python:$B\n", "python:3.14"),
        ("ARG A=3\nARG A=4\nFROM python:${A}\n", "python:4"),
        ("ARG A\nFROM python$A\n", "python"),
        ("FROM a AS b\nARG A=c\nFROM $A\n", ""),
        ("FROM a AS b\nFROM c\n", "c"),
    ],
)
def test_base_image_is_that_of_the_last_stage(text: str, image: str) -> None:
    base = read_dockerfile(text).find_base_image()
    assert base is not None
    assert base[1] == image


def test_dockerfile_without_from_has_no_base_image() -> None:
    assert read_dockerfile("ARG A=1\n").find_base_image() is None


@pytest.mark.parametrize(
    ("escape", "text", "words"),
    [
        ("\\", r"a\ b $V 'c $V'", ["a b", "1", "c $V"]),
        ("\\", r"\$V c`d", ["$V", "c`d"]),
        ("`", r"c:\dir\x a` b", ["c:\\dir\\x", "a b"]),
        ("`", r"`$V $W", ["$V", "x\\y"]),
    ],
)
def test_escape_character_gives_the_words(escape: str, text: str, words: list[str]) -> None:
    assert Variables({"V": "1", "W": "x\\y"}, escape).split(text) == words


def test_environment_is_read_with_the_escape_character() -> None:
    assert Variables({"A": "c:\\"}, "`").read_pairs("B=${A}d C=e` f") == {"B": "c:\\d", "C": "e f"}
