"""The server and its visitors: who they are, what each may ask for, and what travels beside pages."""
