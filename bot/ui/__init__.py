"""Discord-facing helpers that decide nothing: resolver, replies, layouts, views, errors."""
