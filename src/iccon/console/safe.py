"""The only door by which foreign text reaches a widget.

Textual parses a `str` as markup nearly everywhere: `disk [/dev/sda1] is 95%` would end the program and
`[@click=app.quit]x[/]` would run an action. And escape bytes pass through every widget to the terminal. So there are
three doors: text becomes `Content` without markup (`plain`, the Safe… widgets, `set_titles`, `notify`); it is cleaned
again on the way (`iccon.text`); and every strip of every widget passes a line filter that lets no control byte through
(`ControlGuard`), whoever made it. A line filter is the hook because Textual applies filters in `StylesCache.render`,
the one place where all widgets' lines pass, borders and their titles included, and caches the result by strip.
"""

import base64
import contextlib
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ReturnType
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Button, Label, OptionList, Static  # noqa: TID251  (this module is the ban's reason)
from textual.widgets.option_list import Option

from iccon.console.inks import DEFAULTS
from iccon.console.lull import Lull
from iccon.text import clean, clean_block

Severity = Literal["information", "warning", "error"]
OSC52_LIMIT = 74_994  # bytes of text whose base64 form is 99,992: xterm and hterm drop a longer sequence without a word
_VARIABLE = re.compile(r"\$([a-z][a-z0-9-]*)")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain(text: object) -> Content:
    """Return `text` as content that is shown as written: cleaned, line breaks kept. Content passes as it is."""
    return text if isinstance(text, Content) else Content(clean_block(text))


def plain_line(text: object, limit: int = 500) -> Content:
    """Return `text` as one line of at most `limit` characters, shown as written."""
    return text if isinstance(text, Content) else Content(clean(text, limit))


class SafeStatic(Static):
    """A Static that never parses markup."""

    def __init__(self, content: object = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(plain(content), markup=False, id=id, classes=classes)

    def update(self, content: object = "", *, layout: bool = True) -> None:
        """Show `content` (text or Content) instead; what reads as before is not painted again."""
        before, after = self.content, plain(content)
        if not (isinstance(before, Content) and before.is_same(after)):
            super().update(after, layout=layout)


class SafeLabel(Label):
    """A Label that never parses markup."""

    def __init__(self, content: object = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(plain(content), markup=False, id=id, classes=classes)

    def update(self, content: object = "", *, layout: bool = True) -> None:
        """Show `content` (text or Content) instead; what reads as before is not painted again."""
        before, after = self.content, plain(content)
        if not (isinstance(before, Content) and before.is_same(after)):
            super().update(after, layout=layout)


class SafeButton(Button):
    """A Button whose label is shown as written."""

    def __init__(
        self,
        label: object,
        variant: Literal["default", "primary", "success", "warning", "error"] = "default",
        *,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
        compact: bool = False,
    ) -> None:
        super().__init__(plain_line(label, 80), variant, id=id, classes=classes, disabled=disabled, compact=compact)


class SafeOptions(OptionList):
    """A list of plain prompts, each with an id. The ids may be any text; the highlight stays on its id.

    Those whose id is in `shut` are greyed and cannot be chosen.
    """

    def __init__(
        self,
        options: Iterable[tuple[str, object]] = (),
        *,
        chosen: str | None = None,
        shut: Collection[str] = (),
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(*self._options_of(options, shut), id=id, classes=classes, markup=False)
        if chosen is not None:
            self._highlight(chosen)

    @staticmethod
    def _options_of(pairs: Iterable[tuple[str, object]], shut: Collection[str] = ()) -> list[Option]:
        return [Option(plain_line(prompt), id=key, disabled=key in shut) for key, prompt in pairs]

    @property
    def chosen(self) -> str | None:
        """The id under the highlight."""
        option = self.highlighted_option
        return option.id if option and not option.disabled else None

    def set_pairs(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Replace the options by (id, prompt) pairs; the highlight stays on its id, or goes where that id is gone."""
        before = self.chosen
        self.set_options(self._options_of(pairs))
        self._highlight(before)

    def _highlight(self, key: str | None) -> None:
        ids = [option.id for option in self.options]
        self.highlighted = ids.index(key) if key in ids else None


def set_titles(widget: Widget, title: object, subtitle: object = "") -> None:
    """Set the titles in the border of `widget`, shown as written; an empty one is none.

    One that reads as before is left alone: to set it has Textual paint the whole widget.
    """
    for name, text in (("border_title", title), ("border_subtitle", subtitle)):
        content = plain_line(text, 200)
        wanted = content if content.plain.strip() else None
        if getattr(widget, name) != (wanted and wanted.markup):
            setattr(widget, name, wanted)


def notify(app: App[Any], text: object, severity: Severity = "information", timeout: float | None = None) -> None:
    """Show a notice for `timeout` seconds (None: Textual's own), as written, in place of one that says the same.

    A long text is cut, and a key pressed again adds no second notice: they cover what a person reads.
    """
    said = clean_block(text, 400)
    for shown in [notice for notice in app._notifications if notice.message == said]:
        app._unnotify(shown, refresh=False)
    app.notify(said, severity=severity, timeout=timeout, markup=False)


def scrub(text: str) -> str:
    """Return `text` without control and direction-changing characters, of the same width in cells."""
    return _CONTROL.sub(lambda m: " " * cell_len(m.group()), text)


def _guarded(segment: Segment) -> Segment:
    style = segment.style
    if style is not None and style.link and (_CONTROL.search(style.link) or not style.link.isascii()):
        style = style.update_link(None)
    return Segment(scrub(segment.text), style)


def _is_harmless(segment: Segment) -> bool:
    link = segment.style.link if isinstance(segment.style, Style) else None
    return not link and segment.control is None and (_CONTROL.search(segment.text) is None)


def harmless(segments: Sequence[Segment]) -> Sequence[Segment]:
    """Return `segments` without anything a terminal could obey; the same object when there was nothing."""
    return segments if all(map(_is_harmless, segments)) else [_guarded(s) for s in segments if s.control is None]


def guard_strip(strip: Strip) -> Strip:
    """Return `strip` without anything a terminal could obey; the same object when there was nothing."""
    segments = harmless(strip._segments)
    return strip if segments is strip._segments else Strip(segments, strip.cell_length)


class ControlGuard(LineFilter):
    """The last defence: drops control bytes from every line of every widget, before it is cropped and written."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return `segments` scrubbed. Cached by Textual for each strip, so that only new lines cost."""
        return list(harmless(segments))


def guard(app: App[Any]) -> None:
    """Guard every line that `app` will paint. Does it once, however often it is called."""
    if not any(isinstance(line_filter, ControlGuard) for line_filter in app._filters):
        app._filters.append(ControlGuard())


class SafeApp(App[ReturnType]):
    """The base of the application: every line is guarded, and no notice parses markup, whoever asks for it."""

    def __init__(self) -> None:
        super().__init__()
        self.lull = Lull()
        guard(self)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the colours the widgets' style sheets ask for. A value may name another variable, as `$success`."""
        return dict(DEFAULTS)

    def get_css_variables(self) -> dict[str, str]:
        """Return all variables; those named inside a value are put in, which Textual does not do."""
        known = super().get_css_variables()
        self.theme_variables = {n: _VARIABLE.sub(lambda m: known.get(m[1], m[0]), v) for n, v in known.items()}
        return self.theme_variables

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Give the terminal to another program. Nothing is painted meanwhile, only the bell is heard.

        Raises SuspendNotSupported. Textual's driver would hold the loop up once thirty writes wait, and its `suspend`
        does not come back from an exception.
        """
        wrong: BaseException | None = None
        with self.suspend():
            if self._driver is not None:
                vars(self._driver)["write"] = _bell
            try:
                yield
            except BaseException as error:
                wrong = error
            if self._driver is not None:
                vars(self._driver).pop("write", None)
        if wrong is not None:
            raise wrong

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Severity = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a notice as written; `markup` is ignored."""
        super().notify(
            clean_block(message, 1000), title=clean(title, 80), severity=severity, timeout=timeout, markup=False
        )


def _bell(data: str) -> None:
    """Write the bell past the driver; drop all else."""
    if data == "\x07" and sys.__stdout__ is not None:
        os.write(sys.__stdout__.fileno(), b"\x07")


def osc52(text: str, env: Mapping[str, str]) -> str:
    """Return the terminal sequence that asks for `text` in the clipboard, for the terminal that `env` describes.

    tmux takes the bare form when `set-clipboard` is on and hands the wrapped one on when `allow-passthrough` is; so it
    gets both. GNU screen hands on a wrapped one.
    """
    bare = f"\x1b]52;c;{base64.b64encode(text.encode('utf-8', 'replace')).decode('ascii')}\x07"
    return bare + _through(bare, env) if env.get("TMUX") else _through(bare, env)


def _through(bare: str, env: Mapping[str, str]) -> str:
    """Return a sequence so that tmux (with `allow-passthrough`) or GNU screen hands it on to the terminal around it."""
    if env.get("TMUX"):
        return f"\x1bPtmux;{bare.replace(chr(27), chr(27) * 2)}\x1b\\"
    return f"\x1bP{bare}\x1b\\" if env.get("STY") else bare


NOTIFY = {"osc9": "\x1b]9;{}\x07", "osc777": "\x1b]777;notify;iccon;{}\x07", "osc99": "\x1b]99;;{}\x07"}


def notification(text: str, protocol: str, env: Mapping[str, str]) -> str:
    """Return the sequence of `protocol` that shows `text` outside the terminal's window; "" for no such protocol.

    A semicolon would begin another field.
    """
    form = NOTIFY.get(protocol)
    said = clean(f"iccon: {text}", 120).replace(";", ",")
    return _through(form.format(said), env) if form else ""


def ring(app: App[Any], text: str, bell: bool, protocol: str) -> None:
    """Call a person who looks elsewhere, by the terminal's bell and its notification, as far as each is wanted."""
    if bell:
        app.bell()
    if sequence := notification(text, protocol, os.environ):
        _write(app, sequence)


def copy(app: App[Any], text: str, fallback: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Ask the terminal to put `text` into its clipboard and return an honest sentence about what was done.

    No terminal confirms it. With `fallback` the text is also written to that file (owner only), always, because the
    person finds out later. More than 74,994 bytes are not sent. Never raises.
    """
    env = os.environ if env is None else env
    size = len(text.encode("utf-8", "replace"))
    sent = size <= OSC52_LIMIT and _write(app, osc52(text, env))
    kept = _keep(text, fallback)
    if sent:
        through = " through tmux" if env.get("TMUX") else " through screen" if env.get("STY") else ""
        first = f"{size} bytes offered to the terminal's clipboard{through}; a terminal does not confirm it"
    elif size > OSC52_LIMIT:
        first = f"not copied: {size} bytes are more than a terminal takes ({OSC52_LIMIT})"
    else:
        first = "not copied: there is no terminal"
    return f"{first}. {kept}" if kept else f"{first}."


def _write(app: App[Any], sequence: str) -> bool:
    driver = app._driver
    if driver is None or driver.is_headless:
        return False
    driver.write(sequence)
    driver.flush()
    return True


def _keep(text: str, path: Path | None) -> str:
    if path is None:
        return ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
    except OSError as error:
        return f"The copy in {clean(path)} failed too: {clean(error.strerror)}."
    return f"Also in the file {clean(path)}."
