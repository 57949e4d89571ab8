"""Views that more than one page draws."""
