"""Conversations in Discord: asking, following up, and how answers look and are pressed."""
