"""Where the bundled themes, layouts and presets lie: inside the installed package, or at the top of a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def themes_dir() -> Path:
    """Return the folder of bundled themes."""
    return _bundled("themes")


def layouts_dir() -> Path:
    """Return the folder of bundled layouts."""
    return _bundled("layouts")


def presets_dir() -> Path:
    """Return the folder of bundled signal presets."""
    return _PACKAGE / "signals" / "presets"


def risks_file() -> Path:
    """Return the file of bundled patterns of risky commands."""
    return _PACKAGE / "runbooks" / "risks.toml"


def leaks_file() -> Path:
    """Return the file of bundled rules for what a status update must not say."""
    return _PACKAGE / "updates" / "check.toml"


def role_cards_dir() -> Path:
    """Return the folder of bundled role cards."""
    return _PACKAGE / "config" / "roles"


def _bundled(name: str) -> Path:
    """The wheel carries the folder inside the package; an editable install leaves it at the checkout's top."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parents[1] / name
