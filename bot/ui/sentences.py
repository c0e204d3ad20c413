"""What people read when something went wrong: one sentence or two per class of the error tree.

A sentence says what happened and what to do next. Fields are figures and names of ours; an
exception's own text, a path or a URL never reaches a person.
"""

from collections.abc import Callable
from typing import Any

from bot.domain import errors
from bot.ui.i18n import Words, words
from bot.ui.permissions import permission_name

_MEBIBYTE = 1024 * 1024


def sentence(error: BaseException, locale: str) -> str:
    """Say ``error`` in ``locale``; anything outside the tree is said without detail."""
    say = words(locale)
    for kind in type(error).__mro__:
        builder = _SENTENCES.get(kind)
        if builder is not None:
            return builder(error, say)
    return say.say("Something went wrong on my side. Please try again in a moment.")


def megabytes(size_bytes: int) -> str:
    """Write a size for people: ``3.6 MB`` (units of 1,048,576 bytes, as Discord counts)."""
    return f"{size_bytes / _MEBIBYTE:.1f}".removesuffix(".0") + " MB"


def megapixels(pixels: int) -> str:
    """Write a number of pixels for people: ``48 megapixels`` without the word."""
    return f"{pixels / 1_000_000:.1f}".removesuffix(".0")


def duration(seconds: float, say: Words) -> str:
    """Write a waiting time in words, rounded up."""
    whole = max(1, round(seconds + 0.499))
    if whole < 90:  # noqa: PLR2004
        return say.say_plural("{count} second", "{count} seconds", whole)
    minutes = -(-whole // 60)
    return say.say_plural("{count} minute", "{count} minutes", minutes)


def _no_picture(error: errors.NoPicture, say: Words) -> str:
    if error.reasons:
        listed = [sentence(reason, say.locale) for reason in error.reasons]
        return "\n".join(dict.fromkeys(listed))
    return say.say(
        "I found no picture there. Attach one to the command, or use it on a message that has one."
    )


def _too_large(error: errors.PictureTooLarge, say: Words) -> str:
    limit = megabytes(error.max_bytes)
    if error.size_bytes is None:
        return say.say(
            "That file is larger than {limit}, the most I can read. Please send a smaller version.",
            limit=limit,
        )
    return say.say(
        "That file is {size}; I can read up to {limit}. Please send a smaller version.",
        size=megabytes(error.size_bytes),
        limit=limit,
    )


def _too_many_pixels(error: errors.TooManyPixels, say: Words) -> str:
    return say.say(
        "That picture is {width} by {height} pixels ({megapixels} megapixels); in this format I "
        "can read up to {limit} megapixels. Please send a smaller version.",
        width=error.width,
        height=error.height,
        megapixels=megapixels(error.width * error.height),
        limit=megapixels(error.max_pixels),
    )


def _not_a_picture(error: errors.NotAPicture, say: Words) -> str:
    kinds = {
        "video": say.say("That is a video. I can only look at pictures; try a screenshot of it."),
        "audio": say.say("That is a sound file. I can only look at pictures."),
        "document": say.say(
            "That is a document. I can only look at pictures; try a screenshot of the page."
        ),
        "archive": say.say("That is an archive. Please unpack it and send the picture itself."),
        "text": say.say("That is a text file. I can only look at pictures."),
        "web page": say.say("That is a web page, not a picture. Please send the picture itself."),
        "lottie": say.say(
            "That sticker is an animation with no picture in it (Lottie), so I cannot look at it. "
            "Try a screenshot of it."
        ),
        "drawing": say.say(
            "That is a vector drawing (SVG). Please send it as PNG or JPEG instead."
        ),
    }
    return kinds.get(error.kind) or say.say(
        "That file is not a picture I know. I read JPEG, PNG, GIF, WebP, AVIF, BMP and TIFF."
    )


def _format_unsupported(error: errors.FormatUnsupported, say: Words) -> str:
    if error.extra == "heif":
        return say.say(
            "That is a HEIC picture, which I cannot open here. Send it as JPEG (on an iPhone: "
            "Settings, Camera, Formats, Most Compatible), or ask the operator to install "
            "Lookout's extra “heif”."
        )
    return say.say(
        "That is a picture in the format {format}, which I cannot read. Please send it as JPEG or "
        "PNG.",
        format=error.format,
    )


def _broken(error: errors.PictureBroken, say: Words) -> str:
    reasons = {
        "empty": say.say("That file is empty. Please upload the picture again."),
        "truncated": say.say(
            "That picture is cut off: the file ends too early. Please upload it again."
        ),
    }
    return reasons.get(error.reason) or say.say(
        "That picture is damaged and cannot be opened. Please save it again and upload it once "
        "more."
    )


def _rate_limited(error: errors.RateLimited, say: Words) -> str:
    wait = duration(error.retry_after_seconds, say)
    if error.scope == "server":
        return say.say(
            "This server has asked a lot just now. Please try again in {wait}.", wait=wait
        )
    return say.say("You have asked a lot just now. Please try again in {wait}.", wait=wait)


def _full(error: errors.ConversationFull, say: Words) -> str:
    if error.what == "pictures":
        return say.say_plural(
            "A conversation can hold {count} picture; this would be more. Please begin a new one.",
            "A conversation can hold {count} pictures; this would be more. Please begin a new one.",
            error.limit,
        )
    return say.say_plural(
        "A conversation can hold {count} question; this would be more. Please begin a new one.",
        "A conversation can hold {count} questions; this would be more. Please begin a new one.",
        error.limit,
    )


def _no_thread(error: errors.NoThreadHere, say: Words) -> str:
    reasons = {
        "person": say.say(
            "You are not allowed to open threads in this channel. The button “Ask a follow-up” "
            "works without one."
        ),
        "bot": say.say(
            "I am not allowed to open threads in this channel. A moderator can give me the "
            "permissions “Create Public Threads” and “Send Messages in Threads”."
        ),
    }
    return reasons.get(error.reason) or say.say(
        "Discord allows no thread here. The button “Ask a follow-up” works without one."
    )


def _undeliverable(error: errors.Undeliverable, say: Words) -> str:
    if error.reason == "in_place":
        return say.say(
            "This took longer than the 15 minutes Discord keeps a button's answer open, so I "
            "stopped. Please ask again when the queue is shorter."
        )
    if error.reason == "private":
        return say.say(
            "This took longer than the 15 minutes Discord keeps a private reply open, so I "
            "stopped. Please ask again when the queue is shorter."
        )
    return say.say(
        "This took longer than the 15 minutes Discord keeps a reply open, and I am not allowed to "
        "write in this channel, so I stopped. Please ask again when the queue is shorter."
    )


def _engine_timeout(error: errors.EngineTimeout, say: Words) -> str:
    limit = duration(error.limit_seconds, say)
    if error.phase == "connect":
        return say.say(
            "The picture model could not be reached within {limit}. Please try again later; the "
            "operator may need to start it.",
            limit=limit,
        )
    if error.phase == "first_word":
        return say.say(
            "The picture model did not begin to answer within {limit}. It may still be loading, or "
            "be very busy. Please try again in a few minutes.",
            limit=limit,
        )
    return say.say(
        "The picture model stopped in the middle of its answer: nothing came for {limit}. Please "
        "try again.",
        limit=limit,
    )


_SENTENCES: dict[type[BaseException], Callable[[Any, Words], str]] = {
    errors.NoPicture: _no_picture,
    errors.PictureTooLarge: _too_large,
    errors.TooManyPixels: _too_many_pixels,
    errors.NotAPicture: _not_a_picture,
    errors.FormatUnsupported: _format_unsupported,
    errors.PictureBroken: _broken,
    errors.PictureHostile: lambda _, say: say.say(
        "That picture could not be opened safely, so I left it alone. Saving it again in a picture "
        "editor, as PNG or JPEG, usually helps."
    ),
    errors.PictureGone: lambda _, say: say.say(
        "That picture is no longer there: it was deleted, or its link has expired. Please send it "
        "again."
    ),
    errors.HostRefused: lambda _, say: say.say(
        "That picture is not on Discord, and I only fetch pictures from Discord. Please upload it "
        "here."
    ),
    errors.PictureError: lambda _, say: say.say(
        "That picture cannot be read. Please send it again, as PNG or JPEG."
    ),
    errors.RateLimited: _rate_limited,
    errors.QueueFull: lambda error, say: say.say_plural(
        "There is {count} picture waiting already, and my queue is full. Please try again in a few "
        "minutes.",
        "There are {count} pictures waiting already, and my queue is full. Please try again in a "
        "few minutes.",
        error.waiting,
    ),
    errors.CannotAnswer: lambda _, say: say.say(
        "Only the built-in reader is available right now. It can tell text, QR codes, sizes and "
        "colours, but cannot answer this. Please try again when the picture model is back."
    ),
    errors.NotYours: lambda _, say: say.say(
        "Only the person who asked, or a moderator who may manage messages here, can do that."
    ),
    errors.AskerOnly: lambda _, say: say.say(
        "Only the person who asked can do that. You can ask about it with “Ask a follow-up”."
    ),
    errors.MissingRight: lambda error, say: say.say(
        "You need the permission “{permission}” for that. Please ask somebody who manages this "
        "server.",
        permission=permission_name(error.permission, say),
    ),
    errors.Expired: lambda _, say: say.say(
        "I no longer keep what this belongs to: it was deleted, or its time is over. Please ask "
        "again with the picture."
    ),
    errors.QuestionTooLong: lambda error, say: say.say_plural(
        "That question is too long: I read up to {count} character. Please shorten it.",
        "That question is too long: I read up to {count} characters. Please shorten it.",
        error.max_characters,
    ),
    errors.ConversationFull: _full,
    errors.NoTextFound: lambda _, say: say.say(
        "I found no text in that picture. Please choose a part of it instead."
    ),
    errors.NoThreadHere: _no_thread,
    errors.MayNotWrite: lambda _, say: say.say(
        "You are not allowed to write in this channel, so I cannot answer you here for all to see. "
        "Please use a command with the option “private”."
    ),
    errors.Undeliverable: _undeliverable,
    errors.ConfigError: lambda error, say: say.say(
        "The settings are wrong: {problems}.", problems="; ".join(error.problems)
    ),
    errors.FetchFailed: lambda _, say: say.say(
        "Discord did not hand over the picture. Please try again in a moment."
    ),
    errors.StorageFailed: lambda _, say: say.say(
        "My database did not answer. Please try again in a moment; the operator can look for the "
        "cause with “python -m bot doctor”."
    ),
    errors.Interrupted: lambda _, say: say.say(
        "I was restarted before I could finish. Please ask again."
    ),
    errors.EngineUnavailable: lambda _, say: say.say(
        "The picture model is not running right now. Please try again later; the operator needs "
        "to start Ollama."
    ),
    errors.EngineBusy: lambda _, say: say.say(
        "The picture model is overloaded right now. Please try again in a few minutes."
    ),
    errors.EngineTimeout: _engine_timeout,
    errors.EngineOutOfMemory: lambda _, say: say.say(
        "The picture model ran out of memory or crashed on this picture. Please try again, or "
        "with a smaller picture."
    ),
    errors.EngineRejected: lambda _, say: say.say(
        "The picture model refused this request. Please try again, or with another picture."
    ),
    errors.ModelMissing: lambda error, say: say.say(
        "The picture model {model} is not installed. The operator can install it with "
        "“python -m bot models pull {model}”.",
        model=error.model,
    ),
    errors.ModelCannotSee: lambda error, say: say.say(
        "The model {model} cannot see pictures. The operator needs to choose a vision model, for "
        "example qwen3-vl:8b.",
        model=error.model,
    ),
    errors.ModelUnsupported: lambda error, say: say.say(
        "The model {model} does not run on Ollama {version}. The operator can use {replacement} "
        "instead.",
        model=error.model,
        version=error.engine_version,
        replacement=error.replacement,
    ),
    errors.ContextExceeded: lambda _, say: say.say(
        "This picture is too large for the picture model, even after I made it smaller. Please "
        "crop it to the part that matters and try again."
    ),
    errors.PictureRejected: lambda _, say: say.say(
        "The picture model could not open this picture. Please save it again as PNG or JPEG and "
        "try once more."
    ),
    errors.AnswerInterrupted: lambda _, say: say.say(
        "The picture model broke off in the middle of its answer. Please try again."
    ),
    errors.AnswerLooped: lambda _, say: say.say(
        "The picture model began to repeat itself, so I stopped it. Please try again, or with a "
        "clearer or smaller picture."
    ),
    errors.AnswerInvalid: lambda _, say: say.say(
        "The picture model twice gave an answer I could not use. Please try again; when reading "
        "text, another layout may help."
    ),
    errors.EngineError: lambda _, say: say.say(
        "The picture model could not answer. Please try again in a moment."
    ),
}
