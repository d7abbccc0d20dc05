import base64
import stat
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Input
from widgetmakers import HOSTILE, Gallery

from iccon.config import schema
from iccon.console.fit import cells, crop, fit, fit_spans, length, wrap
from iccon.console.safe import (
    NOTIFY,
    OSC52_LIMIT,
    ControlGuard,
    SafeApp,
    SafeButton,
    SafeLabel,
    SafeOptions,
    SafeStatic,
    copy,
    guard,
    guard_strip,
    notification,
    notify,
    osc52,
    plain,
    ring,
    set_titles,
)

ESCAPES = st.text(alphabet=st.characters(codec="utf-8"), max_size=60) | st.sampled_from(HOSTILE)


def screen_text(app: App[None]) -> str:
    width = app.size.width
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line)[:width].rstrip() for line in lines)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_every_widget_shows_text_as_written(text):
    widgets = [SafeStatic(text), SafeLabel(text), SafeOptions([("a", text), ("b b", text)]), SafeButton(text)]
    app = Gallery(widgets)
    async with app.run_test(size=(100, 40)) as pilot:
        widgets[0].update(text)
        for widget in widgets:
            set_titles(widget, text, text)
            widget.styles.border = ("solid", "gray")
        notify(app, text)
        app.notify(text, markup=True)
        await pilot.pause()
        shown = screen_text(app)
        assert app.is_running
    assert not any(c in shown for c in "\x1b\x07\x00\x08\x9b\u202e")
    if "[" in text and "\x1b" not in text:
        assert text in shown


def test_plain_keeps_content_and_never_parses():
    content = Content("x")
    assert plain(content) is content
    assert plain("[b]x[/b]").plain == "[b]x[/b]"
    assert plain("a\nb").plain == "a\nb"
    assert "\x1b" not in plain("\x1b[31m").plain


async def test_options_keep_the_highlight_on_its_id():
    options = SafeOptions([("a", "A"), ("b", "B"), ("c", "C")], chosen="b")
    async with Gallery([options]).run_test():
        assert options.chosen == "b"
        options.set_pairs([("c", "C"), ("x", "X"), ("b", "B2")])
        assert options.chosen == "b"
        options.set_pairs([("c", "C"), ("x", "X")])
        assert options.chosen is None


@given(st.lists(ESCAPES, max_size=5))
def test_a_guarded_strip_holds_no_control_character_and_keeps_its_width(texts):
    strip = Strip([Segment(text, Style(bold=True)) for text in texts])
    made = guard_strip(strip)
    assert made.cell_length == strip.cell_length == sum(cells(s.text) for s in made)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for s in made for c in s.text)


def test_a_harmless_strip_is_not_copied():
    strip = Strip([Segment("plain text ⣿ 漢")])
    assert guard_strip(strip) is strip


def test_a_link_that_a_terminal_could_obey_goes():
    bad = Segment("x", Style(link="http://a\x1b\\\x1b]52;c;eA==\x07"))
    good = Segment("x", Style(link="https://example.invalid/a?b=c"))
    made = ControlGuard().apply([bad, good], Color(0, 0, 0))
    assert made[0].style is not None and made[0].style.link is None
    assert made[1].style is not None and made[1].style.link == "https://example.invalid/a?b=c"


async def test_the_guard_covers_widgets_of_textual_too():
    field = Input()
    app = Gallery([field])
    async with app.run_test(size=(60, 10)) as pilot:
        field.value = "a\x1b]0;owned\x07b"
        await pilot.pause()
        assert "\x1b" not in screen_text(app)


async def test_guard_is_put_in_once():
    class Plain(App[None]):
        def compose(self) -> ComposeResult:
            yield SafeLabel("x")

    app = Plain()
    guard(app)
    guard(app)
    assert sum(isinstance(f, ControlGuard) for f in app.get_line_filters()) == 1


async def test_variables_in_variables_are_put_in_for_every_theme_of_textual():
    class Every(SafeApp[None]):
        def compose(self) -> ComposeResult:
            yield SafeLabel("x")

    app = Every()
    async with app.run_test() as pilot:
        for name in app.available_themes:
            app.theme = name
            await pilot.pause()
            assert not any("$" in value for value in app.get_css_variables().values()), name


def test_osc52_is_wrapped_for_what_stands_between():
    coded = base64.b64encode("héé".encode()).decode()
    assert osc52("héé", {}) == f"\x1b]52;c;{coded}\x07"
    tmux = osc52("héé", {"TMUX": "/tmp/x,1,0"})
    assert tmux.startswith(f"\x1b]52;c;{coded}\x07\x1bPtmux;\x1b\x1b]52;c;")
    assert tmux.endswith("\x07\x1b\\")
    assert osc52("héé", {"STY": "1"}) == f"\x1bP\x1b]52;c;{coded}\x07\x1b\\"


def test_a_notification_of_the_terminal_is_written_only_where_it_was_asked_for():
    assert notification("DUE: x", "", {}) == notification("DUE: x", "osc1", {}) == ""
    assert notification("DUE; \x1b]52;c;aGk=\x07\x9c", "osc777", {}).count(";") == 3  # no field of its own
    assert notification("DUE: x", "osc9", {}) == "\x1b]9;iccon: DUE: x\x07"
    tmux = notification("a\x1bb\x07", "osc99", {"TMUX": "/tmp/x,1,0"})
    assert tmux.startswith("\x1bPtmux;\x1b\x1b]99;;iccon: ")
    assert (tmux.endswith("\x07\x1b\\"), tmux.count("\x1b"), tmux.count("\x07")) == (True, 4, 1)
    assert set(NOTIFY) | {""} == set(get_args(schema.Notify)[1].extra_json_schema["enum"])


class Heard:
    """A driver that keeps what is written."""

    is_headless = False

    def __init__(self):
        self.written = []
        self.write = self.written.append

    def flush(self):
        pass


@pytest.mark.parametrize(("bell", "protocol", "expected"), [(False, "", []), (False, "osc9", ["\x1b]9;iccon: x\x07"])])
async def test_ringing_writes_what_is_wanted_and_nothing_else(bell, protocol, expected, monkeypatch):
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    app = Gallery([SafeLabel("x")])
    async with app.run_test():
        driver, heard = app._driver, Heard()
        app._driver = heard
        ring(app, "x", bell, protocol)
        app._driver = driver
    assert heard.written == expected


async def test_copy_says_what_was_done(tmp_path):
    app = Gallery([SafeLabel("x")])
    path = tmp_path / "new" / "copy.txt"
    async with app.run_test():
        said = copy(app, "secret\nplan", path)
        assert said.startswith("not copied: there is no terminal")
        assert str(path) in said
        assert path.read_text() == "secret\nplan"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "more than a terminal takes" in copy(app, "x" * (OSC52_LIMIT + 1), path)
        assert "failed too" in copy(app, "x", path / "below a file")
        assert copy(app, "x") == "not copied: there is no terminal."


async def test_copy_does_not_follow_a_link(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("keep")
    link = tmp_path / "copy.txt"
    link.symlink_to(victim)
    app = Gallery([SafeLabel("x")])
    async with app.run_test():
        copy(app, "new", link)
    assert victim.read_text() == "keep"
    assert link.read_text() == "new"


def test_what_is_cut_in_spaces_alone_does_not_look_cut():
    assert crop("+44 1632960624    ", 15) == "+44 1632960624"
    assert crop("+44 1632960624", 13) == "+44 16329606…"


@given(st.text(max_size=40), st.integers(0, 30))
def test_fit_is_exact_and_crop_never_longer(text, width):
    assert cells(crop(text, width)) <= width
    assert cells(fit(text, width)) == width
    assert cells(fit(text, width, right=True)) == width


@given(st.lists(st.tuples(st.text(max_size=12), st.sampled_from(["", "a", "b"])), max_size=6), st.integers(0, 40))
def test_spans_are_fitted_exactly(spans, width):
    assert length(fit_spans(spans, width)) == width


@given(st.text(max_size=200), st.integers(2, 30), st.one_of(st.none(), st.integers(1, 4)))
def test_wrapped_lines_fit(text, width, limit):
    lines = wrap(text, width, limit)
    assert lines
    assert all(cells(line) <= width for line in lines)
    assert limit is None or len(lines) <= limit
