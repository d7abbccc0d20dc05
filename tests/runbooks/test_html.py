import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.runbooks.html import markdown, parsed, title, wants_login

PAGE = """<!doctype html><html><head><title>Disk  full</title><script>alert(1)</script></head><body>
<nav><a href="/">Home</a></nav><main><h1>Disk full</h1><p>Look at <code>df -h</code> &amp; <b>think</b>.<br>Then:
<ol><li>First<li>Second<ul><li>inner <a href="https://x.example.org/a b">link</a></ul></ol>
<pre><code class="language-sh">du -x /var | sort
echo `date`
</code></pre><table><tr><th>a</th><th>b|c</th></tr><tr><td>1<td>2</table>
<blockquote>Mind the <em>gap</em></blockquote><hr><ul><li><input type="checkbox" checked> done</ul>
<p># no *heading* [x](y)</p><img src="a.png" alt="A picture"></main><footer>me</footer></body></html>"""

SHOWN = """# Disk full

Look at `df -h` & **think**.\\
Then:

1. First
2. Second

   - inner [link](<https://x.example.org/ab>)

```sh
du -x /var | sort
echo `date`
```

| a | b\\|c |
| --- | --- |
| 1 | 2 |

> Mind the *gap*

---

- [x] done

\\# no \\*heading\\* \\[x\\](y)

[A picture](<a.png>)
"""

STORAGE = """<h2>Check</h2><ac:structured-macro ac:name="toc" /><ac:structured-macro ac:name="code">
<ac:parameter ac:name="language">bash</ac:parameter><ac:plain-text-body><![CDATA[kubectl get pods > out && echo <ok>
]]></ac:plain-text-body></ac:structured-macro><ac:structured-macro ac:name="warning"><ac:rich-text-body>
<p>Never at noon</p></ac:rich-text-body></ac:structured-macro><ac:task-list><ac:task><ac:task-id>1</ac:task-id>
<ac:task-status>complete</ac:task-status><ac:task-body>one</ac:task-body></ac:task><ac:task><ac:task-status>incomplete
</ac:task-status><ac:task-body>two</ac:task-body></ac:task></ac:task-list><p>See
<ac:link><ri:page ri:content-title="Other" /></ac:link>
and <ac:image><ri:attachment ri:filename="a.png" /></ac:image></p>"""

SHOWN_STORAGE = """## Check

```bash
kubectl get pods > out && echo <ok>
```

> **Warning**
>
> Never at noon

- [x] one
- [ ] two

See Other and a.png
"""


def test_a_page_reads_as_markdown_of_its_main_part() -> None:
    page = parsed(PAGE)
    assert markdown(page) == SHOWN
    assert title(page) == "Disk full"
    assert not wants_login(page)


def test_confluences_storage_format_reads_as_markdown() -> None:
    assert markdown(parsed(STORAGE)) == SHOWN_STORAGE


@pytest.mark.parametrize("page", ["", "<html><body><script>app()</script></body></html>", "<p> \n</p>"])
def test_a_page_without_text_has_none(page: str) -> None:
    assert markdown(parsed(page)) == ""


def test_a_login_page_is_told() -> None:
    assert wants_login(parsed('<form><input name="u"><input type="PASSWORD"></form>'))


@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</p>", "<li>", "<ul>", "</ol>", "<td>", "<tr>", "<pre>", "x `", "</", "<![CDATA[", "]]>"]
        )
    )
)
def test_never_raises(parts: list[str]) -> None:
    markdown(parsed("".join(parts)))


def test_deep_pages_are_read() -> None:
    assert "x" in markdown(parsed("<div>" * 5_000 + "x"))
