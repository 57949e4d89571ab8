"""An empty page and an empty route in our launch configuration: `python -m bench.empty_app`."""

import os
from pathlib import Path

import streamlit as st
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lib.server import launch, routes
from lib.settings import ROOT
from lib.ui import sending


async def empty(_request: Request) -> Response:
    """POST /empty: nothing."""
    return Response(status_code=204)


app = st.App(
    Path(__file__).with_name("empty.py"),
    routes=[Route("/empty", empty, methods=["POST"])],
    middleware=routes.MIDDLEWARE,
    lifespan=launch.lifespan,
)

if __name__ == "__main__":
    os.chdir(ROOT)
    sending.hasten()
    uvicorn.Server(launch.configuration("bench.empty_app:app")).run()
