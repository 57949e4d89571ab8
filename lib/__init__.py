"""北疆技转: the technology-transfer system of Inner Mongolia, made visible and usable."""
