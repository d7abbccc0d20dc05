"""The names of Textual 8.2.8 that a theme's `[variables]` may set. A test compares them with Textual's own."""

from itertools import product

TEXT_STYLES = frozenset(("none", "bold", "dim", "italic", "underline", "reverse", "strike", "blink"))

_MUTED = ("primary", "secondary", "accent", "warning", "error", "success")
_SHADED = (
    *_MUTED,
    "primary-background",
    "secondary-background",
    "background",
    "foreground",
    "panel",
    "boost",
    "surface",
)
_SHADES = ("", *(f"-{way}-{step}" for way in ("darken", "lighten") for step in (1, 2, 3)))
_MARKDOWN = ("background", "color", "text-style")
_SINGLE = (
    "ansi-background",
    "ansi-foreground",
    "block-cursor-background",
    "block-cursor-blurred-background",
    "block-cursor-blurred-foreground",
    "block-cursor-blurred-text-style",
    "block-cursor-foreground",
    "block-cursor-text-style",
    "block-hover-background",
    "border",
    "border-blurred",
    "button-color-foreground",
    "button-focus-text-style",
    "button-foreground",
    "footer-background",
    "footer-description-background",
    "footer-description-foreground",
    "footer-foreground",
    "footer-item-background",
    "footer-key-background",
    "footer-key-foreground",
    "foreground-disabled",
    "foreground-muted",
    "input-cursor-background",
    "input-cursor-foreground",
    "input-cursor-text-style",
    "input-selection-background",
    "input-selection-foreground",
    "link-background",
    "link-background-hover",
    "link-color",
    "link-color-hover",
    "link-style",
    "link-style-hover",
    "screen-selection-background",
    "screen-selection-foreground",
    "scrollbar",
    "scrollbar-active",
    "scrollbar-background",
    "scrollbar-background-active",
    "scrollbar-background-hover",
    "scrollbar-corner-color",
    "scrollbar-hover",
    "surface-active",
    "text",
    "text-disabled",
    "text-muted",
)

VARIABLES = frozenset(
    (
        *_SINGLE,
        *(f"text-{name}" for name in _MUTED),
        *(f"{name}-muted" for name in _MUTED),
        *(f"{name}{shade}" for name, shade in product(_SHADED, _SHADES)),
        *(f"markdown-h{level}-{part}" for level, part in product(range(1, 7), _MARKDOWN)),
    )
)
