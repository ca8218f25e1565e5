"""The guided lesson: its steps, what they reveal, and the card that leads through them."""
