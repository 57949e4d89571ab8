"""The API's documentation page, written out of its OpenAPI description: no script, nothing from elsewhere."""

from html import escape
from typing import Any

from starlette.responses import HTMLResponse

from lib.server.html import document

_TYPES = {"string": "文本", "integer": "整数", "number": "数值", "boolean": "是或否", "object": "对象", "null": "空"}


def page(openapi: dict[str, Any], prefix: str) -> HTMLResponse:
    """The whole page."""
    schemas = openapi.get("components", {}).get("schemas", {})
    contents = "".join(
        f'<tr><td><a href="#{_anchor(path)}"><code>GET {escape(prefix + path)}</code></a></td>'
        f"<td>{escape(call['get'].get('summary', ''))}</td></tr>"
        for path, call in openapi["paths"].items()
    )
    body = (
        f'<section class="card"><h2>用法</h2><p>每个列表返回 <code>{{"total", "items", "facets"}}</code>；'
        "参数可重复以多选，留空等于不填；参数无效时返回 422 和原因。"
        f'机器可读的描述在 <a href="{escape(prefix)}/openapi.json">openapi.json</a>，'
        '订阅在 <a href="/feeds/achievements.atom">成果 Atom</a> 与 <a href="/feeds/events.ics">活动日历</a>。</p>'
        f'<div class="wide"><table>{contents}</table></div></section>'
        + "".join(_call(path, call["get"], schemas, prefix) for path, call in openapi["paths"].items())
    )
    info = openapi["info"]
    return document(info["title"], info["description"], body)


def _call(path: str, call: dict[str, Any], schemas: dict[str, Any], prefix: str) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(_kind(parameter['schema'], schemas))}</td>"
        f"<td>{escape(parameter.get('description', '') or parameter['schema'].get('description', ''))}</td></tr>"
        for parameter in call.get("parameters", ())
    )
    answer = _answer(call, schemas)
    fields = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(_kind(field, schemas))}</td>"
        f"<td>{escape(field.get('description', ''))}</td></tr>"
        for name, field in answer.get("properties", {}).items()
    )
    example = "" if "{" in path else f'<p>试一试：<a href="{escape(prefix + path)}">{escape(prefix + path)}</a></p>'
    return (
        f'<section class="card" id="{_anchor(path)}"><h2>{escape(call.get("summary", ""))}</h2>'
        f'<p><span class="method">GET</span><code>{escape(prefix + path)}</code></p>'
        f"<p>{escape(call.get('description', ''))}</p>"
        f'<div class="wide"><table><tr><th>参数</th><th>取值</th><th>说明</th></tr>{rows}</table>'
        f"<table><tr><th>返回的每一条</th><th>类型</th><th>说明</th></tr>{fields}</table></div>{example}</section>"
    )


def _answer(call: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of one record of the answer."""
    found = _resolve(call["responses"]["200"]["content"]["application/json"]["schema"], schemas)
    items = found.get("properties", {}).get("items")
    return _resolve(items["items"], schemas) if items else found


def _resolve(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = schemas[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    return named


def _kind(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """A schema in a few words, with its limits."""
    schema = _resolve(schema, schemas)
    if "anyOf" in schema:
        kinds = [_kind(option, schemas) for option in schema["anyOf"]]
        return "，可".join(dict.fromkeys(kind for kind in kinds if not kind.startswith("匹配")))
    if "enum" in schema:
        return "、".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"{_kind(schema['items'], schemas)}；可重复"
    limits = {
        "minimum": "≥ {}", "maximum": "≤ {}", "maxLength": "最长 {} 字", "pattern": "匹配 {}", "default": "默认 {}",
    }  # fmt: skip
    told = [
        text.format(schema[name]) for name, text in limits.items() if name in schema and schema[name] not in ("", None)
    ]
    return "，".join((_TYPES.get(schema.get("type", "object"), "对象"), *told))


def _anchor(path: str) -> str:
    return escape(path.strip("/").replace("/", "-").replace("{", "").replace("}", ""))
