"""Jobs: the core's command line in processes of its own, and who may start them."""
