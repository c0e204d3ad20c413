"""The pages of /help, /about and /status, as text."""

from datetime import datetime, timedelta

import discord

from bot.domain.conversation import Retention
from bot.domain.conversation_ports import Forgotten
from bot.domain.ports import EngineStatus, GateState
from bot.ui.house import CommandNames
from bot.ui.i18n import Words
from bot.ui.text import neutral


def help_page(commands: CommandNames, say: Words) -> str:
    """Explain every command in a line, and the right-click menu."""
    lines = [
        "## " + say.say("What I can do"),
        say.say("{command}: says what is in a picture.", command=commands.mention("describe")),
        say.say(
            "{command}: writes alt text, ready to paste for people who cannot see the picture.",
            command=commands.mention("alt"),
        ),
        say.say(
            "{command}: reads the text in a picture; tables come as a CSV file too.",
            command=commands.mention("ocr"),
        ),
        say.say("{command}: answers a question about pictures.", command=commands.mention("ask")),
        say.say(
            "{command}: says what is the same in several pictures, and what differs.",
            command=commands.mention("compare"),
        ),
        say.say(
            "{command}: lists your conversations, to open, export or delete them. {settings}: sets "
            "how long they are kept.",
            command=commands.mention("conversations"),
            settings=commands.mention("conversation settings"),
        ),
        say.say(
            "{command}: shows whether the picture model is running, and how long the queue is.",
            command=commands.mention("status"),
        ),
        say.say("{command}: shows version, model and privacy.", command=commands.mention("about")),
        say.say("{command}: deletes what I keep about you.", command=commands.mention("forget-me")),
        "### " + say.say("On a message that has a picture"),
        say.say(
            "Right-click it (on a phone: press and hold), choose Apps, then Describe picture, Alt "
            "text, Read text or Ask about picture. Forwarded pictures, embeds and stickers work "
            "too."
        ),
        say.say("Or mention me in a message with a picture."),
        *_moderation_help(commands, say),
        "### " + say.say("Follow-up questions"),
        say.say(
            "Press “Ask a follow-up” under an answer, or mention me in a reply to it. “Continue in "
            "a thread” opens a thread for the conversation. “Look closer” shows me a part of the "
            "picture in full detail."
        ),
        "### " + say.say("Good to know"),
        say.say(
            "Answers are made by a model and can be wrong. The buttons under an answer make it "
            "shorter or longer, read its text or delete it."
        ),
    ]
    return "\n".join(lines)


def _moderation_help(commands: CommandNames, say: Words) -> list[str]:
    """Explain moderation, where its commands are loaded."""
    if "moderation" not in commands.names:
        return []
    return [
        "### " + say.say("Pictures that break the rules"),
        say.say(
            "Right-click a message, choose Apps, then Report picture: this server's moderators "
            "look at it. Moderators begin with {command}.",
            command=commands.mention("moderation setup"),
        ),
    ]


def about_page(
    commands: CommandNames,
    say: Words,
    *,
    version: str,
    model: str,
    answers_kept: timedelta,
    buttons_kept: timedelta,
    conversations_kept: Retention,
) -> str:
    """Say what this is, which model answers, and what is kept for how long."""
    lines = [
        "## " + say.say("Lookout {version}", version=version),
        say.say(
            "I look at pictures with {model}, run by whoever operates me. Pictures and answers go "
            "nowhere else, except back into Discord.",
            model=model,
        ),
        "### " + say.say("What is kept"),
        say.say(
            "Pictures: only in memory while I look at them, unless they belong to a conversation. "
            "None is used to train anything."
        ),
        _conversations_kept(commands, conversations_kept, say),
        say.say(
            "Answers: for {time}, under the picture's fingerprint and without a name, so that the "
            "same picture need not be looked at twice.",
            time=span(answers_kept, say),
        ),
        say.say(
            "For the buttons: who asked, where, and where the picture is in Discord, for {time}. "
            "{forget} deletes that at once.",
            time=span(buttons_kept, say),
            forget=commands.mention("forget-me"),
        ),
        say.say("Logs: ids and figures, never pictures or text."),
    ]
    return "\n".join(lines)


def _conversations_kept(commands: CommandNames, kept: Retention, say: Words) -> str:
    if not kept.text:
        return say.say("Conversations: nothing beyond the answer.")
    chosen = say.say(
        "You choose how long with {settings}, and delete them with {conversations}.",
        settings=commands.mention("conversation settings"),
        conversations=commands.mention("conversations"),
    )
    if not kept.pictures:
        text = say.say(
            "Conversations: questions and answers for up to {text}, their pictures not at all.",
            text=span(kept.text, say),
        )
    else:
        text = say.say(
            "Conversations: questions and answers for up to {text}, their pictures, made smaller, "
            "for up to {pictures}.",
            text=span(kept.text, say),
            pictures=span(kept.pictures, say),
        )
    return f"{text} {chosen}"


def amount(questions: int, pictures: int, say: Words) -> str:
    """Say how much a conversation holds."""
    asked = say.say_plural("{count} question", "{count} questions", questions)
    if not pictures:
        return asked
    seen = say.say_plural("{count} picture", "{count} pictures", pictures)
    return say.say("{questions} and {pictures}", questions=asked, pictures=seen)


def forgotten_page(records: int, forgotten: Forgotten, moderated: int, say: Words) -> str:
    """Say what was deleted at a person's wish: of answers, conversations and moderation."""
    lines = []
    if records:
        lines.append(
            say.say_plural(
                "Deleted: the record of {count} answer. Its buttons no longer work.",
                "Deleted: the records of {count} answers. Their buttons no longer work.",
                records,
            )
        )
    held = amount(forgotten.turns, forgotten.pictures, say)
    if forgotten.conversations:
        lines.append(
            say.say_plural(
                "Deleted: {count} conversation, altogether {amount}.",
                "Deleted: {count} conversations, altogether {amount}.",
                forgotten.conversations,
                amount=held,
            )
        )
    elif forgotten.turns:
        lines.append(say.say("Deleted: {amount} in conversations that others began.", amount=held))
    if moderated:
        lines.append(
            say.say_plural(
                "Deleted: {count} record of moderation (appeals, reports, pictures without a "
                "case).",
                "Deleted: {count} records of moderation (appeals, reports, pictures without a "
                "case).",
                moderated,
            )
        )
    return "\n".join(lines) or say.say("I keep nothing about what you asked.")


def status_page(status: EngineStatus, gate: GateState, say: Words, *, person_id: int) -> str:
    """Say how the engine is, what waits, and where the asker stands."""
    name = {"builtin": say.say("Built-in reader"), "ollama": "Ollama"}.get(status.name, status.name)
    engine = f"{name} {neutral(status.version)}".strip()
    lines = ["## " + say.say("Status")]
    if status.ready:
        lines.append(say.say("{engine} is ready.", engine=engine))
    elif status.down_since is not None:
        since = _when(status.down_since)
        lines.append(say.say("{engine} has been down since {since}.", engine=engine, since=since))
    else:
        lines.append(say.say("{engine} is not answering.", engine=engine))
    if status.standing_in:
        lines.append(
            say.say("Alt text and reading text still work meanwhile, with the built-in reader.")
        )
    models = dict.fromkeys(neutral(model) for _, model in status.models)
    if models:
        lines.append(say.say("Model: {models}", models=", ".join(models)))
    lines.append(
        say.say(
            "Being looked at: {running} (at most {capacity} at once). Waiting: {waiting} (at most "
            "{limit}).",
            running=gate.running,
            capacity=gate.capacity,
            waiting=gate.waiting,
            limit=gate.queue_limit,
        )
    )
    place = gate.places.get(person_id)
    if place is not None:
        lines.append(say.say("Your next picture has place {place} in the queue.", place=place))
    if status.last_outage is not None:
        start, end = status.last_outage
        lines.append(say.say("Last outage: {start} to {end}.", start=_when(start), end=_when(end)))
    elif status.ready:
        lines.append(say.say("No outage since I was started."))
    return "\n".join(lines)


def span(time: timedelta, say: Words) -> str:
    """Write how long something is kept: in days, or in hours where it is not whole days."""
    if time % timedelta(days=1):
        return say.say_plural("{count} hour", "{count} hours", time // timedelta(hours=1))
    return say.say_plural("{count} day", "{count} days", time.days)


def _when(moment: datetime) -> str:
    return discord.utils.format_dt(moment, "f")
