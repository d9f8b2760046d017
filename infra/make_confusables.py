"""Write the table of look-alikes that names are compared by: chat_domain/confusables.txt.

    python infra/make_confusables.py > chat_domain/confusables.txt

The data is that of Unicode Technical Standard 39. It is asked of the ICU library of this machine
(Debian's package libicu72, say), so a newer version of Unicode comes with a newer ICU.
"""

import ctypes
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_uint8, c_uint32, c_void_p
from ctypes.util import find_library

ROOM = 4096  # bytes for what one character may become
# Readers of ideographs know by heart what others confuse. One that looks like another is a name of
# its own, so these blocks count among each other as they are.
IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x3FFFF))
NOTICE = """\
Copyright (c) 1991-2022 Unicode, Inc. Permission is hereby granted, free of charge, to any person
obtaining a copy of this software and associated documentation files (the "Software"), to deal in
the Software without restriction, including without limitation the rights to use, copy, modify,
merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons
to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
HEADER = """\
What looks like what, by Unicode Technical Standard 39 (confusables), written by
infra/make_confusables.py from ICU {icu}, Unicode {unicode}. Each line: the code points of what
stands for all that look like it, and those that do. What is decomposed before (NFD) is not here.
"""


class Icu:
    """The library; its functions have its version in their names."""

    def __init__(self) -> None:
        name = find_library("icui18n")
        version = re.search(r"\d+", name.partition(".so.")[2]) if name else None
        if name is None or version is None:
            raise SystemExit("no ICU library here; on Debian: apt-get install libicu72")
        self._library, self._common = ctypes.CDLL(name), ctypes.CDLL(name.replace("i18n", "uc"))
        self._suffix = f"_{version[0]}"
        self._skeleton = getattr(self._library, "uspoof_getSkeletonUTF8" + self._suffix)
        self._skeleton.argtypes = [
            c_void_p, c_uint32, c_char_p, c_int32, c_char_p, c_int32, POINTER(c_int)
        ]  # fmt: skip
        opening = getattr(self._library, "uspoof_open" + self._suffix)
        opening.restype = c_void_p
        self._checker = opening(byref(c_int(0)))

    def version_of(self, what: str) -> str:
        numbers = (c_uint8 * 4)()
        getattr(self._common, f"u_get{what}{self._suffix}")(numbers)
        return ".".join(str(number) for number in numbers[:3]).removesuffix(".0")

    def skeleton(self, text: str) -> str:
        status, room, raw = c_int(0), ctypes.create_string_buffer(ROOM), text.encode()
        length = self._skeleton(self._checker, 0, raw, len(raw), room, ROOM, byref(status))
        if status.value > 0:
            raise SystemExit(f"ICU fails for {text!r}: {status.value}")
        return room.raw[:length].decode()


def is_ideograph(text: str) -> bool:
    return len(text) == 1 and any(first <= ord(text) <= last for first, last in IDEOGRAPHS)


def look_alikes(icu: Icu) -> Iterator[tuple[str, str]]:
    """Each character that is not what stands for those that look like it, and what does."""
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if unicodedata.category(character) == "Cs":
            continue
        if unicodedata.normalize("NFD", character) != character:
            continue
        stands_for_it = icu.skeleton(character)
        if stands_for_it != character and not (
            is_ideograph(character) and is_ideograph(stands_for_it)
        ):
            yield character, stands_for_it


def numbers(text: str) -> str:
    return " ".join(f"{ord(character):04X}" for character in text)


def main() -> None:
    icu = Icu()
    alike: defaultdict[str, str] = defaultdict(str)
    for character, stands_for_it in look_alikes(icu):
        alike[stands_for_it] += character
    header = HEADER.format(icu=icu.version_of("Version"), unicode=icu.version_of("UnicodeVersion"))
    for line in f"{header}\n{NOTICE}".splitlines():
        print(f"# {line}".rstrip())
    for stands_for_them, characters in sorted(alike.items()):
        print(f"{numbers(stands_for_them)}; {numbers(characters)}")


if __name__ == "__main__":
    main()
