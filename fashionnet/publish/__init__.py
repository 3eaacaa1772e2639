"""What surrounds the notebooks: pages, checks, editions. Never imported by them."""
