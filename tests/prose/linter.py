"""A linter for the prose of Markdown pages: proselint's rules, and the project's own in docs/writing.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from proselint.checks import __register__ as proselint_checks
from proselint.config import DEFAULT, Config
from proselint.registry import CheckRegistry
from proselint.tools import LintFile
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "docs" / "writing.yaml"
# What a code span becomes: one word, which no rule knows.
_CODE = "`x`"
# Lines of a codelab that a program reads.
_FIELD = re.compile(r"(Duration|Works): [\w: ]+$")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?])[\"')*]*\s+")

CheckRegistry().register_many(proselint_checks)


@dataclass(frozen=True)
class Passage:
    """A heading, a paragraph or a cell of a table in plain text, with a newline where the page has one."""

    line: int
    text: str
    kind: str

    def line_at(self, position: int) -> int:
        """Return the page's line of a position in the text."""
        return self.line + self.text.count("\n", 0, position)

    def sentences(self) -> Iterator[Passage]:
        """Yield each sentence. The space before it is left out."""
        start = 0
        for end, following in [*(match.span() for match in _END_OF_SENTENCE.finditer(self.text)), (None, 0)]:
            yield Passage(self.line_at(start), self.text[start:end], self.kind)
            start = following


@dataclass(frozen=True)
class Problem:
    """Words that a rule forbids, in the page's line, and what to write instead."""

    line: int
    rule: str
    message: str
    context: str


class Linter:
    """The rules of a settings file. `unused_exceptions` are those that no page so far has needed."""

    def __init__(self, settings: Path = SETTINGS) -> None:
        read: dict[str, Any] = YAML(typ="safe").load(settings.read_text())
        self.longest: int = read["longest_sentence"]
        self.words = {entry["find"]: entry["write"] for entry in read["words"]}
        self.exceptions: list[dict[str, str]] = read["exceptions"]
        self.unused_exceptions = list(self.exceptions)
        self._patterns = {find: re.compile(_as_pattern(find), re.IGNORECASE) for find in self.words}
        off = dict.fromkeys(read["proselint_off"], False)
        self._proselint = Config(max_errors=DEFAULT["max_errors"], checks=off | DEFAULT["checks"])

    def problems(self, page: str, name: str) -> list[Problem]:
        """Return what is wrong with a page, by line."""
        passages = list(read_passages(page))
        found = [*self._own(passages), *self._by_proselint(passages)]
        return sorted((problem for problem in found if not self._excepted(problem, name)), key=lambda each: each.line)

    def _own(self, passages: Iterable[Passage]) -> Iterator[Problem]:
        for passage in passages:
            for sentence in passage.sentences():
                yield from self._words(sentence)
                if passage.kind == "paragraph":
                    yield from self._shape(sentence)

    def _words(self, sentence: Passage) -> Iterator[Problem]:
        for find, pattern in self._patterns.items():
            for match in pattern.finditer(sentence.text):
                line, found = sentence.line_at(match.start()), _one_line(match[0])
                message = f'"{found}": write {self.words[find]}'
                yield Problem(line, "words", message, _one_line(sentence.text))

    def _shape(self, sentence: Passage) -> Iterator[Problem]:
        text = _one_line(sentence.text)
        words = sum(any(map(str.isalnum, word)) for word in text.split())
        if words > self.longest:
            message = f'a sentence of {words} words ("{text[:40]}..."): write two, of {self.longest} at most'
            yield Problem(sentence.line, "length", message, text)
        if (position := sentence.text.find(";")) >= 0:
            message = f'a semicolon ("...{_one_line(sentence.text[:position])[-30:]};"): write two sentences'
            yield Problem(sentence.line_at(position), "semicolon", message, text)
        if len(re.findall(r":(?=\s|$)", text)) > 1:
            yield Problem(sentence.line, "colons", f'two colons in a sentence ("{text[:40]}..."): write one', text)

    def _by_proselint(self, passages: list[Passage]) -> Iterator[Problem]:
        if not passages:
            return
        lines = [""] * max(passage.line_at(len(passage.text)) for passage in passages)
        for passage in passages:  # with bars, so that no word seems to come twice across two passages
            for number, text in enumerate(f"| {passage.text} |".split("\n"), passage.line - 1):
                lines[number] += text
        for result in LintFile("page", "\n".join(lines)).lint(self._proselint):
            check, (line, _) = result.check_result, result.pos
            yield Problem(line, check.check_path, f"{check.message} ({check.check_path})", lines[line - 1])

    def _excepted(self, problem: Problem, name: str) -> bool:
        for each in self.exceptions:
            if (each["page"], each["rule"]) == (name, problem.rule) and each["text"] in problem.context:
                self.unused_exceptions = [other for other in self.unused_exceptions if other is not each]
                return True
        return False


def read_passages(page: str) -> Iterator[Passage]:
    """Yield what people read of a page: no fences, no HTML, no addresses. A code span becomes one word."""
    kind = "paragraph"
    for token in MarkdownIt().enable("table").parse(page):
        if token.type in ("heading_open", "th_open", "td_open"):
            kind = "heading" if token.type == "heading_open" else "cell"
        elif token.type == "paragraph_open":
            kind = "paragraph"
        elif token.type == "inline" and token.map:
            text = "".join(_plain(token.children or []))
            lines = ("" if _FIELD.match(line) else line for line in text.split("\n"))
            yield Passage(token.map[0] + 1, "\n".join(lines), kind)


def _plain(tokens: list[Token]) -> Iterator[str]:
    in_link = False
    for token in tokens:
        if token.type in ("link_open", "link_close"):
            in_link = token.type == "link_open"
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "code_inline":
            yield _CODE
        elif token.type == "image":  # its text is a sentence of its own
            yield f"{token.content.rstrip('.')}."
        elif token.type == "text":  # the text of a link may be a title
            yield token.content.replace(":", "") if in_link else token.content


def _as_pattern(find: str) -> str:
    return rf"\b(?:{find})\b".replace(" ", r"\s+")


def _one_line(text: str) -> str:
    return " ".join(text.split())
