"""The app: `streamlit run app.py`. It only routes; see `ui/main.py` and `pages/`."""

import streamlit as st
from starlette.middleware import Middleware

from ui.limits import exit_if_senseless
from ui.map_files import MAP_ROUTE
from ui.server import ServerAddress, warm_up
from ui.upload_gate import UploadGate
from ui.visitor import VisitorCookie
from ui.weights import DECODER_ROUTE

exit_if_senseless()
app = st.App(
    "ui/main.py",
    lifespan=warm_up,
    middleware=[Middleware(ServerAddress), Middleware(VisitorCookie), Middleware(UploadGate)],
    routes=[DECODER_ROUTE, MAP_ROUTE],
)
