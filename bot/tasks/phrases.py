"""Openings that say nothing to somebody who asked for a picture in words."""

import re

_OPENINGS = re.compile(
    r"""^\s*(?:
        (?:this|the|an?)\s+(?:\w+\s+){0,2}?(?:image|picture|photo|photograph|screenshot|illustration)
            \s+(?:of|shows?|depicts?|features?|displays?|contains?|captures?|is\s+of)\s+
      | (?:image|picture|photo|photograph)\s+of\s+
      | (?:in\s+)?(?:this|the)\s+(?:image|picture|photo)\s*[,:]\s*
            (?:we\s+(?:can\s+)?see\s+|there\s+(?:is|are)\s+)?
      | (?:この|その)?(?:画像|写真)(?:は|には|では)、?
      | (?:这|這|该|該)?(?:一?张|一?張|幅)?(?:图片|圖片|图像|圖像|照片)
            (?:中)?(?:显示了?|顯示了?|展示了?|描绘了?|描繪了?|是)?[,，:：]?
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""Screen readers already say "image" (W3C, WAI tutorials, images: tips)."""


def without_opening(text: str) -> str:
    """Remove "image of" and its kin from the beginning; keep the rest, with a capital first."""
    stripped = text.strip()
    rest = _OPENINGS.sub("", stripped, count=1)
    if rest == stripped or not rest:
        return stripped
    return rest[0].upper() + rest[1:]


def clip_at_sentence(text: str, limit: int) -> str:
    """Shorten ``text`` to at most ``limit`` characters, at a sentence, else a word."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    ends = [m.end() for m in re.finditer(r"[.!?…](?=\s)|[。！？]", head)]
    if ends and ends[-1] >= limit // 2:
        return head[: ends[-1]]
    cut = head[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space >= limit // 2 else cut).rstrip(" ,;:") + "…"
