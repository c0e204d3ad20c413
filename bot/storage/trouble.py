"""What can be wrong with the database, in words for its operator."""

_SENTENCES = {
    "unreachable": "It cannot be reached.",
    "refused": "It refuses the name, the password or the database's name.",
    "locked": "Another program holds its lock.",
    "full": "Its disk is full.",
    "read_only": "Lookout may not write to it.",
    "damaged": "The file is damaged or not a database.",
}
ADVICE = "Check storage.database, and that its folder belongs to this user."


def trouble_sentence(reason: str) -> str:
    """Say the ``reason`` of a StorageFailed."""
    return _SENTENCES.get(reason, "It failed.")
