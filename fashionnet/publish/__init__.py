"""Around the notebooks: execute them, make pages, check, print and pack them."""
