"""Checks requests and answers against PagerDuty's published OpenAPI description, where it lies beside the clone."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, validators
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from iccon.drill.pagerduty_api import PagerDutyServer

FILE = Path(__file__).parents[2] / "../shared/specs/pagerduty-rest.json"
needs_spec = pytest.mark.skipif(not FILE.is_file(), reason="specs: pagerduty-rest.json is absent")
ROOT = "urn:pagerduty"


@cache
def spec() -> dict[str, Any]:
    return json.loads(FILE.read_text())


def operation(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """Return the path template and the operation that a request hits. Fixed paths win over templates."""
    for template in sorted(spec()["paths"], key=lambda t: "{" in t):
        pattern = re.sub(r"\{\w+\}", r"[^/]+", template)
        if re.fullmatch(pattern, path):
            operations = spec()["paths"][template]
            assert method.lower() in operations, f"{method} is not described for {template}"
            return template, operations[method.lower()]
    raise AssertionError(f"{path} is not described")


def problems_of_request(
    method: str, path: str, query: dict[str, list[str]], headers: dict[str, str], body: bytes
) -> list[str]:
    """Return everything in the request that the description does not allow."""
    _, found = operation(method, path)
    parameters = [_resolved(parameter) for parameter in found.get("parameters", [])]
    known = {p["name"]: p for p in parameters if p["in"] == "query"}
    wanted = {p["name"] for p in parameters if p["in"] == "header" and p.get("required")}
    given = {name.lower() for name in headers}
    problems = [f"header {name} is missing" for name in wanted if name.lower() not in given]
    problems += [f"query {name} is not described" for name in query if name not in known]
    problems += [
        f"query {name}={value}: {error}"
        for name, values in query.items()
        if name in known
        for value in (values if known[name].get("explode") else ",".join(values).split(","))
        for error in _value_errors(value, known[name]["schema"])
    ]
    if "requestBody" in found:
        schema = _resolved(found["requestBody"])["content"]["application/json"]["schema"]
        problems += _errors(json.loads(body), schema)
    elif body:
        problems.append("a body where none is described")
    return problems


def problems_of_calls(server: PagerDutyServer) -> list[str]:
    """Return everything in the requests that arrived which the description does not allow."""
    return [
        f"{call.method} {call.path}: {problem}"
        for call in server.calls
        for problem in problems_of_request(call.method, call.path, call.query, call.headers, call.body)
    ]


def problems_of_answer(method: str, path: str, status: int, body: Any) -> list[str]:
    """Return everything in an answer that the description does not allow."""
    _, found = operation(method, path)
    assert str(status) in found["responses"], f"{status} is not described for {method} {path}"
    content = _resolved(found["responses"][str(status)]).get("content", {})
    return _errors(body, content["application/json"]["schema"]) if content else []


def _value_errors(value: str, schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type")
    if kind == "array":
        return _value_errors(value, schema.get("items", {}))
    if kind == "integer":
        return [] if value.lstrip("-").isdigit() else ["not a number"]
    if kind == "boolean":
        return [] if value in ("true", "false") else ["not true or false"]
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"not one of {schema['enum']}"]
    return []


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        target: Any = spec()
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        part = target
    return part


@cache
def _registry() -> Any:
    return Registry().with_resource(ROOT, Resource.from_contents(spec(), default_specification=DRAFT4))


def _errors(value: Any, schema: dict[str, Any]) -> list[str]:
    """Validate as OpenAPI 3.0 means it; null passes anywhere: the description marks few of the fields that are null."""
    rules = dict(Draft4Validator.VALIDATORS)

    def typed(validator: Any, kind: Any, instance: Any, at: Any) -> Any:
        if instance is not None:
            yield from rules["type"](validator, kind, instance, at)

    def listed(validator: Any, allowed: Any, instance: Any, at: Any) -> Any:
        if instance is not None:
            yield from rules["enum"](validator, allowed, instance, at)

    def any_one(validator: Any, choices: Any, instance: Any, at: Any) -> Any:
        """A whole object satisfies the description of its reference too, so that `oneOf` means `anyOf` here."""
        if instance is not None:
            yield from rules["anyOf"](validator, choices, instance, at)

    kind = validators.extend(Draft4Validator, {"type": typed, "enum": listed, "oneOf": any_one, "anyOf": any_one})
    checker = kind(_absolute(schema), registry=_registry())
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in checker.iter_errors(value)]


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {k: ROOT + v if k == "$ref" and isinstance(v, str) else _absolute(v) for k, v in schema.items()}
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema
