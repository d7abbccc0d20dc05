"""As much of JSON Schema as the generated schemas use. A keyword it does not know is an error, not a pass."""

import re
from typing import Any

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
NOTES = {"$schema", "$defs", "title", "description", "default", "format"}


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    """Return what is wrong with `value`; empty when the schema accepts it."""
    found: list[str] = []
    for word, rule in schema.items():
        if word not in NOTES:
            found += RULES[word](value, rule, schema, root, at)
    return found


def _ref(value: Any, rule: str, _: Any, root: dict[str, Any], at: str) -> list[str]:
    return faults(value, root["$defs"][rule.rpartition("/")[2]], root, at)


def _type(value: Any, rule: str, *rest: Any) -> list[str]:
    right = isinstance(value, TYPES[rule]) and (isinstance(value, bool) <= (rule == "boolean"))  # type: ignore[arg-type]
    return [] if right else [f"{rest[-1]}: no {rule}"]


def _properties(value: Any, rule: dict[str, Any], _: Any, root: Any, at: str) -> list[str]:
    table = value if isinstance(value, dict) else {}
    return [fault for key in table if key in rule for fault in faults(table[key], rule[key], root, f"{at}.{key}")]


def _additional(value: Any, rule: Any, schema: dict[str, Any], root: Any, at: str) -> list[str]:
    table = value if isinstance(value, dict) else {}
    others = [key for key in table if key not in schema.get("properties", {})]
    if rule is False:
        return [f"{at}.{key}: not allowed" for key in others]
    return [fault for key in others for fault in faults(table[key], rule, root, f"{at}.{key}")]


def _required(value: Any, rule: list[str], _: Any, __: Any, at: str) -> list[str]:
    return [f"{at}: {key} missing" for key in rule if isinstance(value, dict) and key not in value]


def _choices(least: int, most: int) -> Any:
    def check(value: Any, rule: list[Any], _: Any, root: Any, at: str) -> list[str]:
        right = sum(not faults(value, choice, root, at) for choice in rule)
        return [] if least <= right <= most else [f"{at}: fits {right} choices"]

    return check


def _names(value: Any, rule: Any, _: Any, root: Any, at: str) -> list[str]:
    return (
        [fault for key in value for fault in faults(key, rule, root, f"{at}.{key}")] if isinstance(value, dict) else []
    )


def _items(value: Any, rule: Any, _: Any, root: Any, at: str) -> list[str]:
    items = value if isinstance(value, list) else []
    return [fault for index, item in enumerate(items) for fault in faults(item, rule, root, f"{at}[{index}]")]


def _holds(test: Any, kinds: Any) -> Any:
    def check(value: Any, rule: Any, _: Any, __: Any, at: str) -> list[str]:
        return [] if not isinstance(value, kinds) or test(value, rule) else [f"{at}: not as {rule}"]

    return check


RULES: dict[str, Any] = {
    "$ref": _ref,
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "anyOf": _choices(1, 99),
    "oneOf": _choices(1, 1),
    "propertyNames": _names,
    "items": _items,
    "enum": _holds(lambda value, rule: value in rule, object),
    "const": _holds(lambda value, rule: value == rule, object),
    "pattern": _holds(lambda value, rule: re.search(rule, value), str),
    "minLength": _holds(lambda value, rule: len(value) >= rule, str),
    "minItems": _holds(lambda value, rule: len(value) >= rule, list),
    "minimum": _holds(lambda value, rule: value >= rule, (int, float)),
    "maximum": _holds(lambda value, rule: value <= rule, (int, float)),
    "exclusiveMaximum": _holds(lambda value, rule: value < rule, (int, float)),
    "exclusiveMinimum": _holds(lambda value, rule: value > rule, (int, float)),
}
