"""The steps of a runbook: each once, with an id that outlives changes around it, whatever the Markdown is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_runbook_markdown import HOSTILE, document

from iccon.drill.control import RUNBOOKS
from iccon.runbooks.markdown import lay_out, sections
from iccon.runbooks.steps import as_pinned, steps

BOOK = """# Disk

Read this first.

1. Look at `df -h`
2. Find the **writer**:
   ```sh
   lsof +L1
   ```
   - a remark
     1. a step within

- [ ] tell the owner
- [x] done once, open again in this incident
- a plain item

```sh
[ ] kubectl delete pod x
```

```mermaid
graph TD
```

## After

1. Look at `df -h`
1. Look at `df -h`
"""
WORDS = [
    "Look at df -h",
    "Find the writer:",
    "a step within",
    "tell the owner",
    "done once, open again in this incident",
    "[ ] kubectl delete pod x",
    "Look at df -h",
    "Look at df -h",
]

line = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30) | st.sampled_from(
    ["1. do it", "- [ ] tick", "```", "~~~sh", "> 1. quoted", "# Title", "   2) two", "- - 1. x", "", "    code", "---"]
)


def test_numbered_items_tasks_and_fences_are_steps_in_their_order() -> None:
    found = steps(document(BOOK))
    assert [step.text for step in found] == WORDS
    assert [step.section for step in found] == ["Disk"] * 6 + ["After"] * 2
    assert [step.code for step in found] == [text.startswith("[ ]") for text in WORDS]
    lines = BOOK.split("\n")
    assert [lines[step.line].strip()[:2] for step in found] == ["1.", "2.", "1.", "- ", "- ", "``", "1.", "1."]
    assert len({step.id for step in found}) == len(found)


def test_another_command_in_a_step_is_another_step() -> None:
    was, now = steps(document(BOOK)), steps(document(BOOK.replace("lsof +L1", "rm -rf /var/log")))
    assert [a.text for a, b in zip(was, now, strict=True) if a.id != b.id] == ["Find the writer:"]


names = st.lists(st.text("abcdefgh ", min_size=1).map(str.strip).filter(bool), unique=True, min_size=1, max_size=8)


@given(names, st.data())
def test_ids_hold_when_steps_are_added_moved_or_taken_away(texts: list[str], data: st.DataObject) -> None:
    def ids(chosen: list[str]) -> dict[str, str]:
        return {s.text: s.id for s in steps(document("\n".join(f"{n}. {t}" for n, t in enumerate(chosen, 1))))}

    was = ids(texts)
    assert list(was) == [" ".join(text.split()) for text in texts] or len(was) == len(texts)
    changed = data.draw(st.permutations([*texts[data.draw(st.integers(0, len(texts))) :], "zz new", "yy new"]))
    now = ids(changed)
    assert all(now[text] == was[text] for text in now.keys() & was.keys())


def test_long_sections_have_steps_too() -> None:
    text = "\n".join(f"{n}. do {n} {'and so on ' * 40}" for n in range(1, 300))
    assert len(text) > 100_000
    assert [step.text.split()[1] for step in steps(document(text))] == [str(n) for n in range(1, 300)]


def test_code_that_is_cut_is_one_step() -> None:
    text = "```sh\n" + "\n".join(f"echo {n}" for n in range(9_000)) + "\n```\n\n```\nls\n```"
    assert [step.text for step in steps(document(text))] == ["echo 0", "ls"]


@given(st.lists(line, max_size=40))
def test_whatever_the_markdown_is(lines: list[str]) -> None:
    book = document("\n".join(lines))
    found = steps(book)
    assert len({step.id for step in found}) == len(found)
    assert [s.line for s in found] == sorted(s.line for s in found)
    assert all(0 <= step.line < book.text.count("\n") + 1 for step in found)
    assert not any(mark in step.text for step in found for mark in HOSTILE)
    for section in sections(book):
        laid = lay_out(section, 30)
        own = [s.line - section.line for s in found if 0 <= s.line - section.line <= section.text.count("\n")]
        assert set(own) <= set(laid.places)
        assert all(0 <= first < end <= len(laid.lines) for first, end in laid.places.values())


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_the_runbooks_of_the_drill_have_steps(path: Path) -> None:
    assert steps(document(path.read_text("utf-8")))


def test_the_version_that_was_kept_is_read_instead() -> None:
    kept = as_pinned(document("# New\n\n1. new"), "# Old\n\n1. old", "d")
    assert ([s.text for s in steps(kept)], kept.digest, kept.headings[0].text) == (["old"], "d", "Old")
