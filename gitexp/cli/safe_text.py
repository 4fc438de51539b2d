"""What may reach a terminal of what others wrote."""

from __future__ import annotations


def safe(text: str, *, lines: bool = False) -> str:
    """`text` without a character that a terminal would act on, or that a person could not see.

    Control, format (right-to-left overrides and the like), surrogate, private and unassigned characters come
    out as `\\x1b`, `\\u202e` and so on, and so do line separators. With `lines`, line breaks and tabs stay.
    """
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(c if c.isprintable() or c in kept else _escaped(c) for c in text)


_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    import unicodedata

    # No-break and other wide blanks are not "printable" to Python, but harmless.
    if unicodedata.category(character) == "Zs":
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
