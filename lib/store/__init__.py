"""The database: engine, tables, search index, revisions, migrations."""
