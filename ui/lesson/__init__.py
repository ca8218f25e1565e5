"""The guided lesson: its steps, their answers, and the card that leads through them."""
