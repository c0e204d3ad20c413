"""Conversations under load: lives cut short, and what a follow-up costs."""
