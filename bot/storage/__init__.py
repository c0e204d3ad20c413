"""The only room that imports SQLAlchemy: tables, one repository a noun, sessions, migrations."""
