"""Hugo's shortcodes, read as the Markdown that says the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.runbooks.shortcodes import written_out


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{< hint danger >}}\nData is lost\n{{< /hint >}}", "**danger:** \nData is lost\n"),
        ('{{% alert title="Be careful" color="warning" %}}', "**warning Be careful:** "),
        ('{{< tabs >}}{{< tab "Linux" >}}a{{< /tab >}}{{< /tabs >}}', "**tabs:** **tab Linux:** a"),
        ('[disk]({{< ref "./disk full.md" >}})', "[disk](./disk%20full.md)"),
        ('[disk]({{< relref path="disk.md#steps" >}})', "[disk](disk.md#steps)"),
        ('{{< figure src="a.png" caption="The plan" >}}', "![The plan](a.png)"),
        ("in [the repo]({{< param BookRepo >}}/x)", "in [the repo](param:BookRepo/x)"),
        ("see {{< youtube w7Ft2 />}}", "see (youtube w7Ft2)"),
        ("write `{{< hint >}}` for it", "write `{{< hint >}}` for it"),
        ("```\n{{< hint >}}\n```\n{{< br >}}", "```\n{{< hint >}}\n```\n(br)"),
        ("{{ $labels.instance }} is down", "{{ $labels.instance }} is down"),
        ("{{< never closed", "{{< never closed"),
    ],
)
def test_each_reads_as_what_it_stands_for(source: str, said: str) -> None:
    assert written_out(source) == said


@given(st.text(st.sampled_from('{<%}>/ "`=\nab'), max_size=80))
def test_no_line_is_lost_whatever_it_is(text: str) -> None:
    assert written_out(text).count("\n") == text.count("\n")


def test_many_that_are_not_closed_take_no_time() -> None:
    for text in (
        "{{< a b " * 5_000,
        "{{< " + "a" * 20_000,
        "{{< a" + " " * 20_000,
        "{{<" + " " * 20_000,
        "`{{<" * 5_000,
    ):
        assert written_out(text) == text
    assert written_out("{{< a >}} " * 5_000).startswith("(a) ")
