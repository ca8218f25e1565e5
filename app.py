"""The app: `streamlit run app.py`. It only routes; see `ui/main.py` and `pages/`."""

import streamlit as st
from starlette.middleware import Middleware

from ui.map_files import MAP_ROUTE
from ui.server import ServerAddress, warm_up
from ui.visitor import VisitorCookie
from ui.weights import DECODER_ROUTE

app = st.App(
    "ui/main.py",
    lifespan=warm_up,
    middleware=[Middleware(ServerAddress), Middleware(VisitorCookie)],
    routes=[DECODER_ROUTE, MAP_ROUTE],
)
