"""JSON schemas for Ollama's ``format``, from pydantic models."""

from typing import Any

from pydantic import BaseModel

_REF = "#/$defs/"


def json_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """Write the schema of ``shape`` the way llama.cpp's grammar converter wants it.

    References are put in place (the converter is weak with ``$ref``), every property is required
    and no other is allowed: a small model leaves out what it may leave out. Raises ValueError for
    a shape that contains itself, which has no finite form.
    """
    whole = shape.model_json_schema()
    definitions = whole.pop("$defs", {})
    result = _inline(whole, definitions, ())
    assert isinstance(result, dict)
    return result


def _inline(node: Any, definitions: dict[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_inline(item, definitions, inside) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].removeprefix(_REF)
        if name in inside:
            raise ValueError(f"{name} contains itself")
        merged = definitions[name] | {k: v for k, v in node.items() if k != "$ref"}
        return _inline(merged, definitions, (*inside, name))
    result = {
        key: _inline(value, definitions, inside)
        for key, value in node.items()
        if key not in ("title", "default", "properties", "const", "enum")
    }
    result |= {key: node[key] for key in ("const", "enum") if key in node}
    if "properties" in node:
        result["properties"] = {
            name: _inline(value, definitions, inside) for name, value in node["properties"].items()
        }
        result["required"] = list(node["properties"])
        result["additionalProperties"] = False
    return result
