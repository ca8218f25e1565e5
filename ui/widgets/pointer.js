// Whether what drags still does: where the primary button is released while another one is down, no pointerup tells.

const PRIMARY = 1; // among a pointer's buttons
const isHeld = (event) => (event.buttons & PRIMARY) !== 0;

