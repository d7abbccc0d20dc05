"""JSON Schemas of the files a user writes, for editors: `python -m iccon.config.json_schemas FOLDER` writes them.

Generated from the structs that loading uses, with the short forms added; a test fails when `schemas/` drifts.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from iccon.config.forms import CHANGE_KEYS, CHANGE_NEEDS, OUTLET_KEYS, OUTLET_NEEDS, TRACKER_KEYS, TRACKER_NEEDS
from iccon.config.layout import LayoutForm
from iccon.config.presets_files import Preset
from iccon.config.rolecards import RoleCard
from iccon.config.schema import Config
from iccon.config.textual_names import VARIABLES
from iccon.config.theme import ThemeForm

Schema = dict[str, Any]
Keys = Mapping[str, tuple[str, ...]]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, Schema]:
    """Return the schema of each kind of file by name: config, theme, layout, preset, role."""
    forms = {
        "layout": _generated(LayoutForm, "iccon layout"),
        "preset": _generated(Preset, "iccon signal preset"),
        "role": _generated(RoleCard, "iccon role card"),
    }
    return {"config": _config(), "theme": _theme(), **forms}


def files() -> dict[str, str]:
    """Return the text of each schema file by file name."""
    return {f"{name}.json": json.dumps(schema, indent=2) + "\n" for name, schema in schemas().items()}


def _generated(cls: type[msgspec.Struct], title: str) -> Schema:
    (raw,), parts = msgspec.json.schema_components([cls], ref_template="#/$defs/{name}")
    parts = {name: _tidy(part) for name, part in parts.items()}
    root = parts.pop(raw["$ref"].rpartition("/")[2])
    return {"$schema": DIALECT, **root, "title": title, "$defs": parts}


def _tidy(node: Any) -> Any:
    """Take out what TOML cannot say (null), close the tables, and put descriptions on one line."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy = {key: _tidy(value) for key, value in node.items() if not (key == "default" and not _worth(value))}
    if isinstance(tidy.get("description"), str):
        tidy["description"] = " ".join(tidy["description"].split())
    if "anyOf" in tidy and {"type": "null"} in tidy["anyOf"]:
        (tidy,) = (choice for choice in tidy["anyOf"] if choice != {"type": "null"})
    if "properties" in tidy and "required" in tidy:
        tidy["additionalProperties"] = False
        tidy = {key: value for key, value in tidy.items() if key != "required" or value}
    return tidy


def _worth(default: Any) -> bool:
    """A default tells an editor's user something unless it is empty or a table."""
    return default not in (None, "", [], {}) and not isinstance(default, dict)


def _config() -> Schema:
    schema = _generated(Config, "iccon configuration")
    parts = schema["$defs"]
    parts["Secret"] = _secret(parts["Secret"])
    parts["Outlet"] = _of_kind(parts["Outlet"], OUTLET_KEYS, OUTLET_NEEDS)
    parts["ChangeFeed"] = _of_kind(parts["ChangeFeed"], CHANGE_KEYS, CHANGE_NEEDS)
    parts["Tracker"] = _of_kind(parts["Tracker"], TRACKER_KEYS, TRACKER_NEEDS)
    parts["Alertmanager"] = _alertmanager(parts["Alertmanager"])
    for key, name in (("prometheus", "Prometheus"), ("alertmanager", "Alertmanager")):
        schema["properties"][key] = _servers(parts[name], {"$ref": f"#/$defs/{name}"})
    return schema


def _secret(part: Schema) -> Schema:
    """Accept a text (in a file only its owner can read), or a table of exactly one reference."""
    words = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    text = {"type": "string", "minLength": 1}
    pair = {"type": "string", "pattern": "^[^/]+/.+$"}
    forms: Schema = {"env": text, "command": {"anyOf": [words, text]}, "keyring": pair, "file": text}
    tables = [_table({key: form}, [key]) for key, form in forms.items()]
    return {"description": part["description"], "anyOf": [text, *tables]}


def _table(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _of_kind(part: Schema, own: Keys, needs: Keys) -> Schema:
    """Accept for each kind its own keys alone."""
    kinds = []
    for kind, keys in own.items():
        properties = {"kind": {"const": kind}, **{key: part["properties"][key] for key in keys}}
        kinds.append(_table(properties, ["kind", *needs.get(kind, ())]))
    return {"description": part["description"], "anyOf": kinds}


def _alertmanager(part: Schema) -> Schema:
    """Accept `url` in place of `urls`, not both."""
    properties = {"url": part["properties"]["urls"]["items"], **part["properties"]}
    either = [{"required": ["url"]}, {"required": ["urls"]}]
    return {
        **{key: value for key, value in part.items() if key != "required"},
        "properties": properties,
        "oneOf": either,
    }


def _servers(part: Schema, named: Schema) -> Schema:
    """Accept servers by name, or the short form with named ones beside it."""
    short = {**part, "additionalProperties": named}
    return {"anyOf": [{"type": "object", "additionalProperties": named}, short]}


def _theme() -> Schema:
    schema = _generated(ThemeForm, "iccon theme")
    schema["properties"]["variables"]["propertyNames"] = {"enum": sorted(VARIABLES)}
    return schema


def main(words: list[str]) -> int:
    """Write the schema files into the folder that is named."""
    if len(words) != 1 or not Path(words[0]).is_dir():
        sys.stderr.write("usage: python -m iccon.config.json_schemas FOLDER\n")
        return 2
    for name, text in files().items():
        (Path(words[0]) / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
