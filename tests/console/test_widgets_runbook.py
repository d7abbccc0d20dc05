import pytest
from widgetmakers import HOSTILE, RUNBOOK, Gallery, document

from iccon.console.inks import INKS
from iccon.console.widgets.document import NONE
from iccon.console.widgets.runbook import RunbookView
from iccon.runbooks import markdown


def shown(view: RunbookView) -> list[str]:
    return [view.line(y).text.rstrip() for y in range(view.area.height)]


def long_text(sections: int) -> str:
    return "\n\n".join(f"## Section {n}\n\n" + f"text of section {n} " * 40 for n in range(sections))


def test_every_style_of_a_runbook_has_an_ink():
    assert {f"md-{style.replace('_', '-')}" for style in markdown.STYLES if style != "text"} <= set(INKS)


async def test_a_runbook_reads_well():
    view = RunbookView()
    async with Gallery([view]).run_test(size=(60, 40)):
        view.show(document(RUNBOOK))
        text = "\n".join(shown(view))
        assert "# Checkout latency" in text
        assert "kubectl rollout undo deploy/checkout" in text
        assert "☐ roll back" in text
        assert "https://example.invalid/d/1" in text
        assert "**" not in text


async def test_only_what_is_in_view_is_laid_out(monkeypatch):
    laid_out = []
    lay_out = markdown.lay_out

    def counting(section, *rest):
        laid_out.append(section.line)
        return lay_out(section, *rest)

    monkeypatch.setattr(markdown, "lay_out", counting)
    view = RunbookView()
    async with Gallery([view]).run_test(size=(60, 20)) as pilot:
        view.show(document(long_text(200)))
        await pilot.pause()
        assert len(laid_out) < 8
        view.focus()
        await pilot.press("end")
        assert "text of section 199" in "\n".join(shown(view))
        assert view.line(view.area.height - 1).text.strip() == ""
        assert len(laid_out) < 20
        await pilot.press("home")
        assert "Section 0" in shown(view)[0]


async def test_keys_scroll_and_jump_between_headings():
    view = RunbookView()
    async with Gallery([view]).run_test(size=(60, 10)) as pilot:
        view.show(document(long_text(20)))
        view.focus()
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert view.heading == "Section 2"
        assert "Section 2" in shown(view)[0]
        await pilot.press("down")
        await pilot.press("left_square_bracket")
        assert "Section 2" in shown(view)[0]
        await pilot.press("left_square_bracket")
        assert view.heading == "Section 1"
        top = shown(view)
        await pilot.press("pagedown")
        assert shown(view)[0] == top[9]
        await pilot.press("pageup", "k", "j")
        assert shown(view) == top


async def test_another_width_stays_at_the_section():
    view = RunbookView()
    async with Gallery([view]).run_test(size=(60, 10)) as pilot:
        view.show(document(long_text(20)))
        view.focus()
        await pilot.press(*["right_square_bracket"] * 5)
        await pilot.resize_terminal(90, 12)
        await pilot.pause()
        assert view.heading == "Section 5"


async def test_what_was_found_is_found_again_at_another_width():
    view = RunbookView()
    async with Gallery([view]).run_test(size=(90, 12)) as pilot:
        view.show(document(long_text(20)))
        view.focus()
        view.seek("of section")
        await pilot.pause(0.2)
        for width in (30, 90, 31):
            await pilot.resize_terminal(width, 12)
            await pilot.press("n", "N", "n")
            for _ in range(500):
                if " of " in view.found_words.partition(":")[2]:
                    break
                await pilot.pause(0.01)
            await pilot.press("n")
            assert any("of section" in line for line in shown(view))


async def test_none_and_why():
    view = RunbookView()
    async with Gallery([view]).run_test(size=(80, 5)) as pilot:
        assert shown(view)[0].strip() == NONE
        view.focus()
        await pilot.press("up", "end", "right_square_bracket", "pagedown")
        view.show(None, "the folder [/x] cannot be read \x1b[2J")
        assert shown(view)[0].strip() == "the folder [/x] cannot be read ␛[2J"
        view.show(document(""))
        await pilot.press("up", "end", "left_square_bracket", "pagedown")
        assert view.heading == ""


@pytest.mark.parametrize("width", [14, 40, 120])
async def test_hostile_documents(width):
    view = RunbookView()
    async with Gallery([view]).run_test(size=(width, 24)) as pilot:
        view.show(document("\n\n".join(f"# {text}\n{text}\n\n> {text}\n\n    {text}" for text in HOSTILE)))
        view.focus()
        for _ in range(10):
            view.action_page(1)
            await pilot.pause()
            assert all(view.line(y).cell_length == view.area.width for y in range(view.area.height))
