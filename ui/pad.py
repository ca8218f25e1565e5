"""A drawing pad: pointer strokes in the browser, a small grey picture in Python.

The pad speaks when a stroke ends. Its picture is white ink on black, PNG in a data URL, and is treated
like an upload: nothing of it is believed before `ui.uploads` has looked.
"""

import base64

import streamlit as st

__all__ = ["drawing_pad"]

_HTML = """
<canvas width="224" height="224" tabindex="0" role="img" aria-label="Drawing pad: draw one digit"></canvas>
<div><button type="button">Clear</button></div>
"""

_CSS = """
canvas { width: 224px; height: 224px; background: #000; touch-action: none; cursor: crosshair;
  border: 1px solid var(--st-border-color); border-radius: 4px; }
button { margin-top: 6px; padding: 4px 14px; font: inherit; color: var(--st-text-color); cursor: pointer;
  background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color); border-radius: 4px; }
"""

_JS = """
export default function ({ parentElement, setStateValue, data }) {
  const canvas = parentElement.querySelector("canvas");
  const context = canvas.getContext("2d");
  if (!canvas.dataset.ready) {
    canvas.dataset.ready = "yes";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (data && data.picture) {
      const image = new Image();
      image.onload = () => context.drawImage(image, 0, 0);
      image.src = data.picture;
    }
  }
  context.strokeStyle = "#fff";
  context.lineWidth = 18;
  context.lineCap = context.lineJoin = "round";
  let last = null;
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width,
            (event.clientY - box.top) * canvas.height / box.height];
  };
  const line = (from, to) => {
    context.beginPath(); context.moveTo(...from); context.lineTo(...to); context.stroke();
  };
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = where(event);
    line(last, last);
  };
  canvas.onpointermove = (event) => {
    if (last === null) return;
    const next = where(event);
    line(last, next);
    last = next;
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (last === null) return;
    last = null;
    setStateValue("picture", canvas.toDataURL("image/png"));
  };
  parentElement.querySelector("button").onclick = () => {
    context.fillRect(0, 0, canvas.width, canvas.height);
    setStateValue("picture", null);
  };
}
"""

_pad = st.components.v2.component("digit_pad", html=_HTML, css=_CSS, js=_JS)
_PREFIX = "data:image/png;base64,"


def drawing_pad(key: str) -> bytes | None:
    """The drawing as PNG bytes; None while the pad is empty."""
    kept = f"{key}-picture"  # a component's own state is lost when the visitor changes the page
    result = _pad(key=key, data={"picture": st.session_state.get(kept)}, on_picture_change=lambda: None)
    state = st.session_state.get(key)
    if state is not None and "picture" in state:
        st.session_state[kept] = result.picture
    picture = st.session_state.get(kept)
    if not isinstance(picture, str) or not picture.startswith(_PREFIX):
        return None
    try:
        return base64.b64decode(picture.removeprefix(_PREFIX), validate=True)
    except ValueError:  # also where it is not ASCII
        return None
