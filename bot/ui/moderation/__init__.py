"""Moderation in Discord: cards, controls, panels and what moderators read."""
