"""Streamlit's own hello.py on the fast loop and without collections: `python -m bench.hello_app`, settings as for the
product; with `whole` in all of our launch, which also sends sooner."""

import os
import sys

import streamlit as st
import uvicorn

from bench.servers import HELLO
from lib.server import launch, routes
from lib.settings import ROOT
from lib.ui import sending

app = st.App(HELLO, middleware=routes.MIDDLEWARE, lifespan=launch.lifespan)

if __name__ == "__main__":
    os.chdir(ROOT)
    if sys.argv[1:] == ["whole"]:
        sending.hasten()
    uvicorn.Server(launch.configuration("bench.hello_app:app")).run()
