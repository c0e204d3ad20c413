"""The field's words in plain Python: no I/O, no framework, nothing above this room."""
