"""The app: `streamlit run app.py`. It only routes; see `ui/main.py` and `pages/`."""

import streamlit as st
from starlette.middleware import Middleware

from ui.latent.map_files import MAP_ROUTE
from ui.root_path import below_root
from ui.serving.amortised import AMORTISED_ROUTES
from ui.serving.decoders import DECODER_ROUTES
from ui.serving.document import Document
from ui.serving.downloads import refuse_downloads
from ui.serving.encoders import ENCODER_ROUTES
from ui.serving.page_address import PageAddress
from ui.serving.server import warm_up
from ui.serving.upload_gate import UploadGate
from ui.visitors.limits import exit_on_bad_limits
from ui.visitors.visitor import VisitorCookie

exit_on_bad_limits()
refuse_downloads()
app = st.App(
    "ui/main.py",
    lifespan=warm_up,
    middleware=[Middleware(PageAddress), Middleware(Document), Middleware(VisitorCookie), Middleware(UploadGate)],
    routes=below_root([*DECODER_ROUTES, *ENCODER_ROUTES, *AMORTISED_ROUTES, MAP_ROUTE]),
)
