"""Moderation under load: processes killed among uploads, raids, backlogs, what people wait for."""
