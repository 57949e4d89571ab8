"""The screen: the only importer of streamlit besides pages/ and lib/shell."""
