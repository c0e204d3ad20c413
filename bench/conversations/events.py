"""What Discord tells of people's commands, buttons and modals."""

from typing import Any

from bench import payloads
from bench.conversations.board import Board, Posted

_COMMAND, _COMPONENT, _MODAL = 2, 3, 5
_STRING, _BOOLEAN, _ATTACHMENT = 3, 5, 11
_LABEL, _TEXT_INPUT = 18, 4


def ask_command(question: str, picture: dict[str, Any], *, private: bool) -> dict[str, Any]:
    """Write the use of ``/ask`` with a picture."""
    return {
        "type": _COMMAND,
        "data": {
            "id": "5001",
            "name": "ask",
            "type": 1,
            "resolved": {"attachments": {picture["id"]: picture}},
            "options": [
                {"name": "question", "type": _STRING, "value": question},
                {"name": "picture", "type": _ATTACHMENT, "value": picture["id"]},
                {"name": "private", "type": _BOOLEAN, "value": private},
            ],
        },
    }


def press(message: Posted, custom_id: str) -> dict[str, Any]:
    """Write a press of a button."""
    return {
        "type": _COMPONENT,
        "data": {"custom_id": custom_id, "component_type": 2},
        "message": message.payload(),
    }


def submit(modal: dict[str, Any], words: str, message: Posted) -> dict[str, Any]:
    """Write a filled-in modal: ``words`` in its first text field, nothing elsewhere."""
    filled: list[dict[str, Any]] = []
    for label in modal["components"]:
        if label["type"] != _LABEL:
            continue
        field = label["component"]
        value = {"type": field["type"], "id": field.get("id", 0), "custom_id": field["custom_id"]}
        if field["type"] == _TEXT_INPUT:
            value["value"], words = words, ""
        else:
            value["values"] = []
        filled.append({"type": _LABEL, "id": label.get("id", 0), "component": value})
    return {
        "type": _MODAL,
        "data": {"custom_id": modal["custom_id"], "components": filled, "resolved": {}},
        "message": message.payload(),
    }


def interaction(
    board: Board, person_id: int, channel_id: int, token: str, used: dict[str, Any]
) -> dict[str, Any]:
    """Write a whole INTERACTION_CREATE around what was ``used``."""
    return {
        "id": str(board.new_id()),
        "application_id": str(payloads.BOT),
        "token": token,
        "version": 1,
        "guild_id": str(payloads.GUILD),
        "channel_id": str(channel_id),
        "channel": {**board.channel(channel_id), "permissions": payloads.ALL_PERMISSIONS},
        "member": payloads.member(person_id),
        "locale": "en-US",
        "guild_locale": "en-US",
        "app_permissions": payloads.ALL_PERMISSIONS,
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(payloads.GUILD)},
        "context": 0,
        "attachment_size_limit": 26_214_400,
        **used,
    }
