"""How the database got its structure, one revision a file."""
