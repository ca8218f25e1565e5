"""The app: `streamlit run app.py`. It only routes; see `ui/main.py` and `pages/`."""

import streamlit as st
from starlette.middleware import Middleware

from ui.server import ServerAddress, warm_up

app = st.App("ui/main.py", lifespan=warm_up, middleware=[Middleware(ServerAddress)])
