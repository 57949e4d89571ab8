"""The frame of our few pages that are not Streamlit's: the same dark band, a white card, no script."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

_STYLE: Final = """
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:#EEF2F5;color:#17212B;line-height:1.6;
 font-family:'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;font-variant-numeric:tabular-nums}
.band{background:linear-gradient(115deg,#0C2238,#0F3557 55%,#15507F);color:#fff;padding:44px 24px 124px}
.band>div{max-width:1120px;margin:0 auto}
main{max-width:1168px;margin:0 auto}
.band a{color:#fff;text-decoration:none}
.band .home{display:inline-flex;align-items:center;gap:8px;font-weight:700;font-size:1.125rem;margin-bottom:22px}
.band h1{margin:0;font-size:2.25rem;line-height:1.3;font-weight:700}
.band p{margin:8px 0 0;color:#D5E3EF;max-width:46em}
main{padding:0 24px 48px;margin-top:-84px}
.narrow .band>div{max-width:460px}
.narrow main{max-width:508px}
.card{background:#fff;border:1px solid #D6DEE6;border-radius:12px;padding:28px;margin-bottom:20px;
 box-shadow:0 8px 28px rgba(12,34,56,.10)}
.card h2{margin:0 0 10px;font-size:1.25rem}
label{display:block;font-weight:600;margin:16px 0 6px}
label:first-of-type{margin-top:0}
input[type=text],input[type=tel],input[type=password],select{width:100%;font:inherit;padding:11px 12px;
 border:1px solid #9AA9B7;border-radius:8px;background:#fff;color:inherit}
input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid #D9962B;outline-offset:2px}
button,.button{display:block;width:100%;font:inherit;text-align:center;text-decoration:none;font-weight:600;
 margin-top:24px;padding:12px;border:0;border-radius:8px;background:#1F6FB2;color:#fff;cursor:pointer}
button:hover,.button:hover{background:#1A5F99}
.other{margin-top:12px;background:#fff;border:1px solid #1F6FB2}
.other:hover{background:#EEF2F5}
a{color:#1A5F99}
a.button{color:#fff}
a.other{color:#1A5F99}
form>div{margin-top:16px}.row{display:grid;grid-template-columns:1fr 1fr;gap:16px}
label.tick{display:flex;margin-top:14px;gap:10px;align-items:flex-start;font-weight:400}
.tick input{width:20px;height:20px;flex:none;margin:3px 0}
.wrong{color:#8C3522;font-size:.875rem;margin:6px 0 0}
.tip{color:#5B6B7A;font-size:.875rem;margin:6px 0 0}
[aria-invalid=true]{border-color:#B5482F!important}
h2.part{margin:28px 0 0;padding-top:20px;border-top:1px solid #E2E8EE}
dl{margin:12px 0 0;font-size:.9375rem}dl>div{display:grid;grid-template-columns:5.5em 1fr;gap:12px;padding:8px 0;
 border-top:1px solid #E2E8EE}dt{color:#5B6B7A}dd{margin:0}
details{margin:16px 0 0;font-size:.9375rem}summary{cursor:pointer;color:#1A5F99}
.danger{background:#B5482F}.danger:hover{background:#9C3D27}
.note{color:#5B6B7A;font-size:.875rem;margin:18px 0 0}
.problem{background:#F8E7E2;color:#8C3522;border-left:4px solid #B5482F;border-radius:6px;padding:10px 14px;
 margin:0 0 20px}
table{width:100%;border-collapse:collapse;font-size:.9375rem;margin:6px 0 14px}
th,td{text-align:left;vertical-align:top;padding:8px 12px 8px 0;border-bottom:1px solid #E2E8EE}
th{color:#5B6B7A;font-weight:600;white-space:nowrap}
code{font-family:ui-monospace,Consolas,Menlo,monospace;font-size:.9em;background:#EEF2F5;border-radius:4px;
 padding:1px 5px;overflow-wrap:anywhere}
.method{color:#276B4E;font-weight:700;margin-right:8px}
.wide{overflow-x:auto}
.wide td:first-child{white-space:nowrap}
.wide td:last-child{min-width:9em}
@media(max-width:640px){.row{grid-template-columns:1fr}
 .band{padding:28px 18px 108px}.band h1{font-size:1.75rem}main{padding:0 14px 32px}
 .card{padding:20px 18px}}
"""


def field(
    name: str, label: str, value: str = "", wrong: str = "", *, kind: str = "text", tip: str = "", **attributes: str
) -> str:
    """An input with its label, a tip, and the sentence about what is wrong with it; every text is escaped here."""
    more = "".join(f' {key.replace("_", "-")}="{escape(text)}"' for key, text in attributes.items())
    return f"""<div><label for="{name}">{escape(label)}</label>
<input id="{name}" name="{name}" type="{kind}" value="{escape(value)}"{more}{_invalid(name, wrong)}>
{_words(name, wrong, tip)}</div>"""


def choice(
    name: str, label: str, options: Mapping[str, str], value: str = "", wrong: str = "", *, tip: str = ""
) -> str:
    """A choice of one among many, none at first."""
    listed = "".join(
        f'<option value="{escape(key)}"{" selected" if key == value else ""}>{escape(text)}</option>'
        for key, text in options.items()
    )
    return f"""<div><label for="{name}">{escape(label)}</label>
<select id="{name}" name="{name}" required{_invalid(name, wrong)}><option value="">请选择</option>{listed}</select>
{_words(name, wrong, tip)}</div>"""


def tick(name: str, label: str, wrong: str = "") -> str:
    """A box to be ticked; it is never ticked beforehand."""
    return f"""<label class="tick" for="{name}"><input id="{name}" name="{name}" type="checkbox" value="1" required
{_invalid(name, wrong)}><span>{escape(label)}</span></label>{_words(name, wrong, "")}"""


def problem(sentence: str) -> str:
    """What went wrong, above a form; nothing for a blank sentence."""
    return f'<p class="problem" role="alert">{escape(sentence)}</p>' if sentence else ""


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values."""
    return f"<dl>{''.join(f'<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>' for k, v in rows)}</dl>"


def _invalid(name: str, wrong: str) -> str:
    return f' aria-invalid="true" aria-describedby="{name}-wrong"' if wrong else ""


def _words(name: str, wrong: str, tip: str) -> str:
    if wrong:
        return f'<p class="wrong" id="{name}-wrong">{escape(wrong)}</p>'
    return f'<p class="tip">{escape(tip)}</p>' if tip else ""


def document(title: str, lead: str, body: str, *, narrow: bool = False, status: int = 200) -> HTMLResponse:
    """A whole page. `body` is markup whose values the caller has escaped; the other texts are escaped here."""
    return HTMLResponse(
        f"""<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · 北疆技转</title>
<link rel="icon" href="/app/static/icon.svg">
<style>{_STYLE}</style>
</head>
<body class="{"narrow" if narrow else ""}">
<header class="band"><div>
<a class="home" href="/"><img src="/app/static/icon.svg" alt="" width="30" height="30">北疆技转</a>
<h1>{escape(title)}</h1><p>{escape(lead)}</p>
</div></header>
<main>{body}</main>
</body>
</html>
""",
        status,
        headers={"Cache-Control": "no-store"},
    )
