"""What the server does besides running pages: middleware, files for the browser, decoding, a warm start."""
