"""One use case a file; knows ports, not Discord."""
