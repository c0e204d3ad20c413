"""Moderation: from an upload that was heard of to a verdict, and what is done about it."""
