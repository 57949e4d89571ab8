"""What the field means: vocabularies, text, money, dates, rights. Pure Python, standard library only."""
