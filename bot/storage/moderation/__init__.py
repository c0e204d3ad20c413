"""Uploads, their verdicts, cases and the work to be done about them, in the database."""
