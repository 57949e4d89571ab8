"""What an attachment really is: by its bytes, not by its name, looked at in a limited process.

Documents keep their bytes; pictures are drawn anew, which drops whatever else a file carried. Refused are active
content (macros, scripts, embedded objects, links that a program follows by itself), disguises, and secrecy markings.
"""

import contextlib
import io
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, Final
from xml.parsers import expat

from lib.domain.markings import SENTENCE, marking
from lib.domain.text import clean
from lib.files import limited, packed
from lib.files.limited import MIB

_OOXML: Final = "application/vnd.openxmlformats-officedocument."
TYPES: Final[dict[str, str]] = {
    ".pdf": "application/pdf",
    ".docx": f"{_OOXML}wordprocessingml.document",
    ".xlsx": f"{_OOXML}spreadsheetml.sheet",
    ".pptx": f"{_OOXML}presentationml.presentation",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".txt": "text/plain",
}
"""Endings that are taken, and the type that their bytes must be."""
KINDS: Final = "PDF、DOCX、XLSX、PPTX、PNG、JPG、TXT"

MOST_NAME: Final = 120
_PIXELS: Final = 40_000_000
_DISGUISED: Final = re.compile(
    r"\.(exe|com|scr|bat|cmd|ps1|vbs|js|jse|hta|lnk|jar|msi|sh|html?|svg|php|docm|xlsm|pptm)$", re.IGNORECASE
)


class FileRefused(ValueError):
    """The file is not taken; the message is one Chinese sentence that says what to do.

    `rule` is the id of the secrecy marking that was found, if that is the reason.
    """

    def __init__(self, message: str, rule: str = "") -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True)
class Limits:
    """What looking at a file may cost: bytes of the file, of what it unpacks to, of memory; seconds."""

    size: int = 10 * MIB
    unpacked: int = 100 * MIB
    memory: int = 576 * MIB
    seconds: int = 20


UPLOAD: Final = Limits()


@dataclass(frozen=True)
class Sniffed:
    """A file that may be kept: its type by its bytes, and the bytes to keep."""

    media_type: str
    data: bytes


def clean_name(name: str) -> str:
    """The name as it may be shown and stored: no path, nothing invisible, at most 120 characters with its ending.

    Raises FileRefused for characters that turn the direction of writing, for a disguise such as a.exe.pdf, and for
    an ending that is not taken.
    """
    try:
        last = clean(name[-1000:].replace("\\", "/").rpartition("/")[2])
    except ValueError:
        raise FileRefused("文件名里有改变文字方向或无法显示的字符，请改名后再传。") from None
    if rule := marking(last):
        raise FileRefused(f"文件名{SENTENCE}", rule)
    path = PurePath(last)
    stem, ending = path.stem.strip(" ."), path.suffix.lower()
    if ending not in TYPES or not stem:
        raise FileRefused(f"只能上传 {KINDS} 文件，请另存为其中一种。")
    if _DISGUISED.search(stem):
        raise FileRefused("文件名里有两个扩展名，看起来像伪装的程序；请改名后再传。")
    return stem[: MOST_NAME - len(ending)] + ending


def sniff(data: bytes, name: str, limits: Limits = UPLOAD) -> Sniffed:
    """What the file is, looked at by a limited process; `name` has been cleaned. Raises FileRefused."""
    if not data:
        raise FileRefused("文件是空的，请重新选择。")
    if len(data) > limits.size:
        raise FileRefused(f"文件太大：{len(data) / MIB:.1f} MB，每个最多 {limits.size // MIB} MB。")
    ending = PurePath(name).suffix.lower()
    try:
        answer = limited.run("lib.files.sniff", ending, asdict(limits), data)
    except limited.TooSlow:
        raise FileRefused(f"{limits.seconds} 秒内没有检查完，已停止；请换一个较小的文件。") from None
    except limited.Broken:
        raise FileRefused("检查这个文件超出了限定的内存，或者它已经损坏；请重新另存后再传。") from None
    line, _, rest = answer.partition(b"\n")
    told = json.loads(line)
    if "error" in told:
        raise FileRefused(told["error"], told["rule"])
    return Sniffed(TYPES[ending], rest or data)


# ------------------------------------------------------------------ in the limited process
def examine(data: bytes, ending: str, limits: Limits) -> bytes | None:
    """The bytes to keep where they are not those that came. Raises FileRefused."""
    return _EXAMINERS[TYPES[ending]](data, ending, limits)


def _mismatch(ending: str) -> FileRefused:
    return FileRefused(f"扩展名是 {ending}，内容却不是；请改用正确的扩展名，或重新另存。")


def _unmarked(text: str) -> None:
    if rule := marking(text):
        raise FileRefused(f"文件{SENTENCE}", rule)


_PDF_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
# Names long enough that no compressed stream holds one by chance; a script action cannot do without the first.
_PDF_ACTIVE: Final = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|XFA\s*[\[\d])(?![A-Za-z])"
)
_PDF_OBJECTS: Final = re.compile(rb"/ObjStm\b.{0,2000}?stream\r?\n", re.DOTALL)
_MARKUP: Final = re.compile(rb"<\s*(!doctype|html|script|svg|iframe|body|\?xml|\?php)", re.IGNORECASE)


def _pdf(data: bytes, ending: str, limits: Limits) -> None:
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-2048:]:
        raise _mismatch(ending)
    if b"PK\x05\x06" in data[-66_000:] or _MARKUP.search(data[:1024]):
        raise FileRefused("这个 PDF 同时也是另一种文件，看起来像伪装；请从原文件重新导出。")
    if any(_PDF_ACTIVE.search(_PDF_ESCAPE.sub(_unescaped, part)) for part in (data, *_packed_objects(data, limits))):
        raise FileRefused("这个 PDF 里有脚本、嵌入的文件或表单动作；请用「打印为 PDF」重新导出。")


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)])


def _packed_objects(data: bytes, limits: Limits) -> Iterator[bytes]:
    """The objects that a PDF keeps compressed, as far as they inflate. Raises FileRefused for too much."""
    left = limits.unpacked
    for found in _PDF_OBJECTS.finditer(data):
        inflated = b""
        with contextlib.suppress(zlib.error):  # not compressed this way: a reader of the file finds nothing either
            inflated = zlib.decompressobj().decompress(memoryview(data)[found.end() :], left)
        left -= len(inflated)
        if left <= 0:
            raise FileRefused("这个 PDF 解压后过大；请用「打印为 PDF」重新导出。")
        yield inflated


_MAIN: Final = {
    ".docx": f"{_OOXML}wordprocessingml.document.main+xml",
    ".xlsx": f"{_OOXML}spreadsheetml.sheet.main+xml",
    ".pptx": f"{_OOXML}presentationml.presentation.main+xml",
}
_ACTIVE_PART: Final = re.compile(
    r"vbaproject|vbadata|activex|oleobject|/embeddings/(?!.*\.xlsx$)|externallink|customui|"
    r"\.(bin|exe|dll|js|vbs|html?|svg|docm|xlsm|pptm|zip)$",
    re.IGNORECASE,
)
_HARMLESS_BIN: Final = re.compile(r"/printersettings/[^/]*\.bin$", re.IGNORECASE)
_FOLLOWED_BY_HAND: Final = "/relationships/hyperlink"


def _office(data: bytes, ending: str, limits: Limits) -> None:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused("这是旧版或加密的 Office 文件，请去掉密码并另存为新格式。")
    if not data.startswith(b"PK\x03\x04"):
        raise _mismatch(ending)
    parts = packed.names(data)
    if "[Content_Types].xml" not in parts:
        raise _mismatch(ending)
    if any(_ACTIVE_PART.search(f"/{part}") and not _HARMLESS_BIN.search(f"/{part}") for part in parts):
        raise FileRefused("文件里有宏、控件或嵌入的对象；请删去后另存，或导出为 PDF。")
    reader: _Part | None = None
    types: set[str] = set()
    for part, chunk in packed.chunks(data, limits.unpacked):
        if reader is None or reader.name != part:
            _finish(reader)
            reader = _Part(part, types)
        reader.feed(chunk)
    _finish(reader)
    if any("macroenabled" in kind.lower() for kind in types):
        raise FileRefused("文件里有宏、控件或嵌入的对象；请删去后另存，或导出为 PDF。")
    if _MAIN[ending] not in types:
        raise _mismatch(ending)


class _Part:
    """One part of an office file as it streams by: no document type, no link that a program follows, no marking."""

    def __init__(self, name: str, types: set[str]) -> None:
        self.name = name
        self._types = types
        self._text: list[str] = []
        self._parser: Any = None
        if name.lower().endswith((".xml", ".rels")):
            self._parser = expat.ParserCreate()
            self._parser.StartDoctypeDeclHandler = _no_doctype
            self._parser.StartElementHandler = self._start
            self._parser.EndElementHandler = self._end
            self._parser.CharacterDataHandler = self._text.append

    def feed(self, chunk: bytes, last: bool = False) -> None:
        """The next piece. Raises FileRefused."""
        if self._parser is None:
            return
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError:
            raise FileRefused("文件已损坏，无法打开；请用办公软件重新另存。") from None

    def finish(self) -> None:
        """No more pieces. Raises FileRefused."""
        self.feed(b"", last=True)
        _unmarked("".join(self._text))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.name == "[Content_Types].xml":
            self._types.add(attributes.get("ContentType", ""))
        outside = attributes.get("TargetMode", "").lower() == "external"
        if outside and not (
            attributes.get("Type", "").endswith(_FOLLOWED_BY_HAND)
            and attributes.get("Target", "").lower().startswith(("http://", "https://", "mailto:"))
        ):
            raise FileRefused("文件会自动读取外部的模板、图片或数据；请断开链接后另存，或导出为 PDF。")

    def _end(self, tag: str) -> None:
        if tag.rpartition(":")[2] in {"p", "si", "row", "br"}:
            self._text.append("\n")


def _finish(part: _Part | None) -> None:
    if part is not None:
        part.finish()


def _no_doctype(*_: object) -> None:
    raise FileRefused("文件里有外部定义（DOCTYPE），不是普通的文档；请用办公软件重新另存。")


def _picture(data: bytes, ending: str, _limits: Limits) -> bytes:
    """The picture, drawn anew: no comments, places or anything else that is not its points."""
    from PIL import Image, ImageOps

    kind = "PNG" if ending == ".png" else "JPEG"
    if not data.startswith(b"\x89PNG\r\n\x1a\n" if kind == "PNG" else b"\xff\xd8\xff"):
        raise _mismatch(ending)
    Image.MAX_IMAGE_PIXELS = _PIXELS
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as opened:
            if opened.width * opened.height > _PIXELS:
                raise FileRefused(f"图片太大：{opened.width}×{opened.height} 点，最多 4000 万点；请缩小后再传。")
            drawn: Image.Image = opened
            if kind == "JPEG":
                drawn = ImageOps.exif_transpose(opened)
            drawn.info = {name: value for name, value in drawn.info.items() if name == "transparency"}
            out = io.BytesIO()
            drawn.save(out, kind, **({"quality": 90} if kind == "JPEG" else {}))
    except FileRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FileRefused("图片太大，最多 4000 万点；请缩小后再传。") from None
    except (OSError, ValueError, SyntaxError):
        raise FileRefused("图片已损坏，无法打开；请重新另存后再传。") from None
    return out.getvalue()


def _plain(data: bytes, ending: str, _limits: Limits) -> None:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise FileRefused("文本的编码无法识别，请另存为 UTF-8。")
    if re.search(r"[\x00-\x08\x0b\x0e-\x1f]", text):
        raise _mismatch(ending)
    if _MARKUP.match(text.lstrip()[:64].encode()):
        raise FileRefused("扩展名是 .txt，内容却是网页或程序；请改用正确的格式。")
    _unmarked(text)


_EXAMINERS: Final[dict[str, Callable[[bytes, str, Limits], bytes | None]]] = {
    TYPES[".pdf"]: _pdf,
    TYPES[".docx"]: _office,
    TYPES[".xlsx"]: _office,
    TYPES[".pptx"]: _office,
    TYPES[".png"]: _picture,
    TYPES[".jpg"]: _picture,
    TYPES[".txt"]: _plain,
}


def _main() -> None:
    ending, limits = sys.argv[1], Limits(**json.loads(sys.argv[2]))
    limited.confine(limits.memory, limits.seconds)
    out = sys.stdout.buffer
    try:
        kept = examine(sys.stdin.buffer.read(), ending, limits)
    except (FileRefused, packed.PackedError) as refusal:
        rule = getattr(refusal, "rule", "")
        out.write(json.dumps({"error": str(refusal), "rule": rule}).encode() + b"\n")
        return
    out.write(b"{}\n" + (kept or b""))


if __name__ == "__main__":
    _main()
