"""The words in which two lines of a finding differ are marked."""

from __future__ import annotations

import pytest

from codelab.web.finding_html import finding_html


@pytest.mark.parametrize(
    ("message", "html"),
    [
        pytest.param(
            'expected "memcache.set(x)", found "memcache.add(x)"',
            '<span class="line">expected <code><ins>memcache.set</ins>(x)</code></span>'
            '<span class="line">found <code><del>memcache.add</del>(x)</code></span>',
            id="two lines",
        ),
        pytest.param(
            """expected "f('a', 1)", found "f("a", 2)\"""",
            '<span class="line">expected <code>f(&#x27;a&#x27;, <ins>1</ins>)</code></span>'
            '<span class="line">found <code>f(&quot;a&quot;, <del>2</del>)</code></span>',
            id="other quotes are no difference",
        ),
        pytest.param(
            'expected "x = 1" at the top level of the file, found "x = 1"; reason',
            '<span class="line">expected <code>x = 1</code> at the top level of the file</span>'
            '<span class="line">found <code>x = 1</code>; reason</span>',
            id="a reason",
        ),
        pytest.param(
            "found it with a difference: [-<b>-] {+b+}",
            "found it with a difference: <code><del>&lt;b&gt;</del></code> <code><ins>b</ins></code>",
            id="marks",
        ),
        pytest.param('"import json" is missing', "<code>import json</code> is missing", id="a line"),
        pytest.param("<script> & more", "&lt;script&gt; &amp; more", id="markup"),
    ],
)
def test_finding_is_html(message: str, html: str) -> None:
    assert finding_html(message) == html
