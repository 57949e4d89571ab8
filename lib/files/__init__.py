"""File formats: tables, calendars, feeds; uploads are parsed in a limited subprocess."""
