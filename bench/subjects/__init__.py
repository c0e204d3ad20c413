"""The processes measured; each is ``python -m bench.subjects.NAME JSON`` with ``Settings``."""
