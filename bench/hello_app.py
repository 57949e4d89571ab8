"""Streamlit's own hello.py in our launch configuration: `python -m bench.hello_app`, settings as for the product."""

import os

import streamlit as st
import uvicorn

from bench.servers import HELLO
from lib.server import launch, routes
from lib.settings import ROOT

app = st.App(HELLO, middleware=routes.MIDDLEWARE, lifespan=launch.lifespan)

if __name__ == "__main__":
    os.chdir(ROOT)
    uvicorn.Server(launch.configuration("bench.hello_app:app")).run()
