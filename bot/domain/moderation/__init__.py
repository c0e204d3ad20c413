"""Moderation in plain words: policies, uploads, assessments, verdicts, cases and who keeps them."""
