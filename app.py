"""The ASGI application: Streamlit for people, the HTTP routes beside it, and the guard in front of both.

The script that sessions run stands in lib/shell, not beside pages/: Streamlit would otherwise run a page alone,
without navigation and login, for the first visitor of a fresh server.
"""

import streamlit as st

from lib.server import launch, routes
from lib.settings import ROOT
from lib.ui import labels, sending, trouble

labels.remember()
sending.hasten()

app = st.App(
    ROOT / "lib" / "shell" / "main.py",
    routes=routes.ROUTES,
    middleware=routes.MIDDLEWARE,
    lifespan=launch.lifespan,
    on_script_error=trouble.report,
)
