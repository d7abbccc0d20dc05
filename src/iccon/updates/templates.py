"""Templates of status updates: Jinja in a sandbox that cannot loop without end, grow without end or reach anything.

The bound is the language itself: a template may use the facts, conditions, loops at most two deep, and a few
filters. What has no place in a status text (macros, imports, calls, powers) is refused before it runs, so that no
thread has to be watched and no clock asked. Own templates are files `NAME.md.j2`; one with a bundled name replaces it.
"""

import difflib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from iccon.incident.severity import Audience, Phase
from iccon.incident.state import State
from iccon.text import CleanText, clean, clean_block
from iccon.updates.facts import Facts

if TYPE_CHECKING:
    from jinja2 import Environment

BUNDLED = ("first-notice", "scope", "progress", "mitigated", "resolved", "internal")
SUFFIX = ".md.j2"
SOURCE_LIMIT = 64_000  # characters of a template
OUTPUT_LIMIT = 20_000  # characters of an update
RANGE_LIMIT = 1000
LOOPS = 2  # loops inside one another

NODES = frozenset(
    {
        *("Template", "Output", "TemplateData", "Name", "Const", "If", "For", "Assign", "Compare", "Operand"),
        *("And", "Or", "Not", "Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Neg", "Pos", "CondExpr", "Filter"),
        *("Test", "Getattr", "Getitem", "Slice", "List", "Tuple", "Call"),
    }
)
FILTERS = ("default", "upper", "lower", "capitalize", "title", "trim", "join", "length", "first", "last", "replace")


class TemplateProblem(Struct, frozen=True):
    """Why a template gave no text: the file, the line (from 1; None where it cannot be had), and what to mend."""

    file: str
    line: int | None
    reason: CleanText

    @property
    def said(self) -> str:
        """The problem in one line, its place first."""
        return f"{clean(self.file)}:{self.line}: {self.reason}" if self.line else f"{clean(self.file)}: {self.reason}"


class _Refused(Exception):
    """A template asks for something that it may not have."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(reason)


class Templates:
    """The bundled templates, and above them the user's in `folder`. Blocking: reads files when it is asked."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder.expanduser() if folder else None

    def names(self) -> tuple[str, ...]:
        """Return the names: the bundled ones in the order of an incident, then the user's own by alphabet."""
        return (*BUNDLED, *sorted(set(self._own()) - set(BUNDLED)))

    def audience(self, name: str) -> Audience:
        """Return who a template is for: what its first comment names (`{# internal: … #}`), else customers."""
        source = self._source(name)
        first = source[1].lstrip()[:80].lstrip("{#-+ ") if isinstance(source, tuple) else ""
        word = first.partition(":")[0].strip().lower()
        return Audience(word) if word in set(Audience) else Audience.CUSTOMER

    def render(self, name: str, facts: Facts) -> str | TemplateProblem:
        """Return the text of a template for `facts`, or what is wrong with it. Never raises."""
        source = self._source(name)
        if isinstance(source, TemplateProblem):
            return source
        try:
            return _tidy(_generate(source[0], source[1], msgspec.structs.asdict(facts)))
        except Exception as error:  # whatever a user's file provokes is said with its line, not thrown at the console
            return _problem(source[0], error, facts)

    def _own(self) -> dict[str, Path]:
        if self.folder is None or not self.folder.is_dir():
            return {}
        try:
            found = [path for path in self.folder.iterdir() if path.name.endswith(SUFFIX) and path.is_file()]
        except OSError:
            return {}
        return {path.name.removesuffix(SUFFIX): path for path in found}

    def _source(self, name: str) -> tuple[str, str] | TemplateProblem:
        own = self._own().get(name)
        if own is None and name not in BUNDLED:
            near = difflib.get_close_matches(name, self.names(), 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self.names())}"
            return TemplateProblem(clean(name, 100), None, clean(f"there is no such template; {hint}"))
        try:
            raw = own.read_bytes() if own else (files("iccon.updates") / "templates" / f"{name}{SUFFIX}").read_bytes()
            text = raw[: SOURCE_LIMIT * 4 + 1].decode("utf-8")
        except UnicodeDecodeError:
            return TemplateProblem(str(own), None, clean("it is not UTF-8 text"))
        except OSError as error:
            return TemplateProblem(str(own), None, clean(f"it cannot be read: {error.strerror}"))
        if len(text) > SOURCE_LIMIT:
            return TemplateProblem(str(own), None, clean(f"it has more than {SOURCE_LIMIT:,} characters"))
        return str(own or f"{name}{SUFFIX}"), text


def suggest(state: State, audience: Audience) -> str:
    """Return the name of the template that fits where the incident stands."""
    if audience is not Audience.CUSTOMER:
        return "internal"
    if state.phase is Phase.RESOLVED:
        return "resolved"
    if state.phase is Phase.MONITORING:
        return "mitigated"
    told = sum(update.audience is Audience.CUSTOMER for update in state.updates)
    return BUNDLED[min(told, 2)]


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in clean_block(text).strip().split("\n")]
    return "\n".join(line for n, line in enumerate(lines) if line or (n and lines[n - 1]))


@cache
def _environment() -> "Environment":
    from jinja2 import StrictUndefined  # 25 ms that only a composer of updates pays
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(("+", "*", "%"))

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if not all(isinstance(side, int | float) and abs(side) < 1e9 for side in (left, right)):
                raise _Refused(f"`{operator}` is for numbers; texts are put beside one another: {{{{ a }}}}{{{{ b }}}}")
            return super().call_binop(context, operator, left, right)

    environment = Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)
    environment.filters = {name: _bounded(environment.filters[name]) for name in FILTERS}
    environment.globals = {"range": _range}
    return environment


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > RANGE_LIMIT:
        raise _Refused(f"range() gives at most {RANGE_LIMIT:,} numbers")
    return numbers


def _bounded(apply: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that refuses to give a text longer than an update can be."""

    def bounded(*arguments: Any, **options: Any) -> Any:
        result = apply(*arguments, **options)
        if isinstance(result, str) and len(result) > OUTPUT_LIMIT:
            raise _Refused(f"the text grows over {OUTPUT_LIMIT:,} characters")
        return result

    for mark in ("jinja_pass_arg",):
        if hasattr(apply, mark):
            setattr(bounded, mark, getattr(apply, mark))
    return bounded


def _generate(file: str, source: str, context: dict[str, Any]) -> str:
    environment = _environment()
    tree = environment.parse(source, filename=file)
    _permit(tree, 0)
    code = environment.compile(tree, filename=file)
    template = environment.template_class.from_code(environment, code, environment.make_globals(None))
    parts, size = [], 0
    for part in template.generate(context):
        size += len(part)
        if size > OUTPUT_LIMIT:
            raise _Refused(f"the text grows over {OUTPUT_LIMIT:,} characters")
        parts.append(part)
    return "".join(parts)


def _permit(node: Any, loops: int) -> None:
    """Refuse what the language of templates does not have."""
    kind = type(node).__name__
    if kind not in NODES:
        raise _Refused(f"{kind} has no place in a template", node.lineno)
    if kind == "Call" and getattr(node.node, "name", "") != "range":
        raise _Refused("only range() can be called", node.lineno)
    if kind == "For":
        loops += 1
        if loops > LOOPS or node.recursive:
            raise _Refused(f"loops stand at most {LOOPS} deep", node.lineno)
    for child in node.iter_child_nodes():
        _permit(child, loops)


def _problem(file: str, error: Exception, facts: Facts) -> TemplateProblem:
    line = getattr(error, "lineno", None) or getattr(error, "line", None) or _line_of(error, file)
    if isinstance(error, RecursionError):
        return TemplateProblem(file, line, clean("it is nested too deeply"))
    return TemplateProblem(file, line, clean(_reason(error, facts), 300))


def _reason(error: Exception, facts: Facts) -> str:
    reason = str(getattr(error, "message", None) or error) or type(error).__name__
    if type(error).__name__ != "UndefinedError" or "'" not in reason:
        return reason
    near = difflib.get_close_matches(reason.split("'")[1], facts.__struct_fields__, 1)
    return f"{reason}; did you mean {near[0]}?" if near else f"{reason}; known are {', '.join(facts.__struct_fields__)}"


def _line_of(error: Exception, file: str) -> int | None:
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
